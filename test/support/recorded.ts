import { assign, setup } from 'xstate';
import type { RecordedUnit } from '../../app/client/recording.ts';
import type { RecorderHost } from '../../app/inspector/recorder/recorder.ts';
import { redacted } from '../../services/redaction.ts';

/** A host whose clocks the test moves. */
export const createHost = () => {
  const ticks = new Set<() => void>();
  const host = { nowMs: 1000, epoch: 1_700_000_000_000 };
  return {
    ...({
      now: () => host.nowMs,
      epochMs: () => host.epoch,
      every: (_, fn) => {
        ticks.add(fn);
        return () => ticks.delete(fn);
      },
    } satisfies RecorderHost),
    /** Lets time pass, and seconds end. */
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1000) {
        host.nowMs += Math.min(1000, ms - passed);
        for (const tick of ticks) tick();
      }
    },
    /** Sets the wall clock. */
    jump: (ms: number) => {
      host.epoch += ms;
    },
  };
};

const counts = {
  inbox: { received: 0, dropped: 0, unsolicited: 0, waiting: 0, pauses: 0 },
  outbox: {
    waiting: 0,
    waitingBytes: 0,
    sending: 0,
    queued: 0,
    sent: 0,
    refused: 0,
    dropped: 0,
    replaced: 0,
    expired: 0,
    dead: 0,
    damaged: 0,
    isVolatile: false,
  },
};

/** A unit that only has counters. */
export const recordedUnit: RecordedUnit = {
  v: 1,
  envFilePath: '/unit/env.json',
  redacted,
  metrics: () => counts,
  actor: () => {
    throw new Error('nobody asks');
  },
  publish: async () => ({ outcome: 'delivered' }),
  command: async () => undefined,
};

const child = setup({
  types: { events: {} as { type: 'go' } | { type: 'stop' } },
}).createMachine({
  id: 'child',
  initial: 'idle',
  states: {
    idle: { on: { go: 'busy' } },
    busy: { after: { 5000: 'idle' }, on: { stop: 'over' } },
    over: { type: 'final' },
  },
});

/** A machine with a child, which takes whatever a test wants to have recorded. */
export const recordedRoot = setup({
  types: {
    context: {} as { count: number; list: readonly unknown[]; note?: unknown },
    events: {} as { type: 'add'; by: number } | { type: 'note'; note: unknown } | { type: 'go' } | { type: 'fall' },
  },
  actors: { child },
  actions: {
    fall: () => {
      throw new Error('it fell');
    },
  },
}).createMachine({
  id: 'root',
  context: { count: 0, list: [] },
  type: 'parallel',
  states: {
    work: {
      initial: 'even',
      invoke: { src: 'child', id: 'child' },
      states: {
        even: {
          on: { add: { target: 'odd', actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
        },
        odd: {
          on: { add: { target: 'even', actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
        },
      },
    },
    notes: { on: { note: { actions: assign({ note: ({ event }) => event.note }) }, fall: { actions: 'fall' } } },
  },
});
