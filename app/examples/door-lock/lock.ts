import {
  assign,
  emit,
  setup,
  stateIn,
  type AnyActorRef,
  type CallbackActorLogic,
  type EventObject,
  type PromiseActorLogic,
} from 'xstate';
import type { UnitLogic } from 'pepeunit-client';

/** When the lock closes by itself, and below which charge it does not open. */
export interface LockSettings {
  readonly autoLockMs: number;
  readonly lowPercent: number;
}

/** What the lock is told: by messages, its battery, its settings and its unit. */
export type LockEvent =
  | { type: 'lock.open' }
  | { type: 'lock.close' }
  | { type: 'lock.misunderstood'; text: string }
  | { type: 'battery.measured'; percent: number }
  | ({ type: 'settings.changed' } & LockSettings)
  | { type: 'online' }
  | { type: 'offline' }
  | { type: 'stopped' };

/** A message for an output of the unit. */
export interface Report {
  readonly type: 'report';
  readonly key: 'lock/pepeunit' | 'battery/pepeunit';
  readonly text: string;
}

/**
 * A door lock. It obeys `lock.open` and `lock.close`, closes by itself after a while, reports what it does, and refuses to
 * open while its battery is low, since it might not be able to close again. It works on while its unit is offline: what it
 * reports waits in the unit's outbox. It ends with its unit.
 */
export const lock = setup({
  types: {
    context: {} as LockSettings,
    events: {} as LockEvent,
    emitted: {} as Report,
    children: {} as { unit: 'unit' },
  },
  actors: {
    unit: {} as UnitLogic,
    /** Turns the bolt. */
    motor: {} as PromiseActorLogic<void, { to: 'open' | 'closed' }>,
    /** Sends `battery.measured` now and then. */
    battery: {} as CallbackActorLogic<EventObject>,
  },
  actions: {
    report: emit((_, text: string): Report => ({ type: 'report', key: 'lock/pepeunit', text })),
    reportCharge: emit((_, percent: number): Report => ({
      type: 'report',
      key: 'battery/pepeunit',
      text: `${percent}`,
    })),
    keepSettings: assign((_, { autoLockMs, lowPercent }: LockSettings) => ({ autoLockMs, lowPercent })),
  },
  guards: {
    isBatteryLow: stateIn({ working: { battery: 'low' } }),
    isBelow: ({ context }, percent: number) => percent < context.lowPercent,
  },
  delays: { autoLock: ({ context }) => context.autoLockMs },
}).createMachine({
  id: 'lock',
  context: { autoLockMs: 30_000, lowPercent: 20 },
  initial: 'working',
  states: {
    working: {
      type: 'parallel',
      invoke: [
        { id: 'unit', src: 'unit', input: ({ self }: { self: AnyActorRef }) => ({ parent: self }), onError: 'failed' },
        { id: 'battery', src: 'battery', onError: 'failed' },
      ],
      on: {
        'lock.misunderstood': { actions: { type: 'report', params: ({ event }) => `not understood: ${event.text}` } },
        'settings.changed': { actions: { type: 'keepSettings', params: ({ event }) => event } },
        stopped: 'ended',
      },
      states: {
        bolt: {
          initial: 'closed',
          states: {
            closed: {
              on: {
                online: { actions: { type: 'report', params: 'closed' } },
                'lock.open': [
                  { guard: 'isBatteryLow', actions: { type: 'report', params: 'refused: the battery is low' } },
                  { target: 'opening' },
                ],
              },
            },
            opening: {
              invoke: { id: 'motor', src: 'motor', input: { to: 'open' }, onDone: 'open', onError: 'jammed' },
            },
            open: {
              entry: { type: 'report', params: 'open' },
              on: { 'lock.close': 'closing' },
              after: { autoLock: 'closing' },
            },
            closing: {
              invoke: {
                id: 'motor',
                src: 'motor',
                input: { to: 'closed' },
                onDone: { target: 'closed', actions: { type: 'report', params: 'closed' } },
                onError: 'jammed',
              },
            },
            jammed: {
              entry: { type: 'report', params: 'jammed' },
              on: { 'lock.close': 'closing' },
            },
          },
        },
        battery: {
          initial: 'charged',
          on: {
            'battery.measured': [
              {
                guard: { type: 'isBelow', params: ({ event }) => event.percent },
                target: '.low',
                actions: { type: 'reportCharge', params: ({ event }) => event.percent },
              },
              { target: '.charged', actions: { type: 'reportCharge', params: ({ event }) => event.percent } },
            ],
          },
          states: { charged: {}, low: {} },
        },
        link: {
          initial: 'offline',
          states: {
            offline: { on: { online: 'online' } },
            online: { on: { offline: 'offline' } },
          },
        },
      },
    },
    ended: { type: 'final' },
    failed: { type: 'final' },
  },
});
