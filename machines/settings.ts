/**
 * Keeps the unit's settings: loads env.json, refreshes it from the instance, reports changes.
 *
 *     idle ─load─▶ loading ─ok─▶ ready ─refresh─▶ refreshing ─ok─▶ ready
 *                     │                               │
 *                     └─fail─▶ faulty ◀───────fail────┘   (ready again where settings are in force)
 */
import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { LoadSettings, RefreshSettings, UnitSettings } from '../services/settings.ts';
import { timedOut } from './lib/failure.ts';
import { slot, type Parent } from './lib/slot.ts';

/** Events that the settings machine accepts. One that comes during another is handled after it. */
export type SettingsEvent = { type: 'settings.load' } | { type: 'settings.refresh' };

/** Facts that the settings machine reports to its parent. */
export type SettingsFact =
  | { type: 'settings.ready' }
  | { type: 'settings.loaded'; settings: UnitSettings }
  | { type: 'settings.failed'; failure: Failure; during: Attempt };

type Attempt = 'load' | 'refresh';

export interface SettingsInput {
  parent: Parent<SettingsFact>;
}

export interface SettingsContext {
  parent: Parent<SettingsFact>;
  /** The current settings. */
  settings?: UnitSettings;
  /** Failure of the last attempt. */
  failure?: Failure | undefined;
  /** The request to handle next; a refresh includes a load. */
  pending?: Attempt | undefined;
}

export const settingsMachine = setup({
  types: {
    input: {} as SettingsInput,
    context: {} as SettingsContext,
    events: {} as SettingsEvent,
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: { load: slot<LoadSettings>('settings.load'), refresh: slot<RefreshSettings>('settings.refresh') },
  actions: {
    report: sendTo(
      ({ context }) => context.parent,
      (_, fact: SettingsFact) => fact,
    ),
    /** Makes settings the current ones and reports them. */
    adopt: enqueueActions(({ context, enqueue }, { settings }: { settings: UnitSettings }) => {
      enqueue.assign({ settings, failure: undefined });
      enqueue.sendTo(context.parent, { type: 'settings.loaded', settings });
    }),
    /** Keeps and reports a failure; the current settings stay. */
    fail: enqueueActions(({ context, enqueue }, { failure, during }: { failure: Failure; during: Attempt }) => {
      enqueue.assign({ failure });
      enqueue.sendTo(context.parent, { type: 'settings.failed', failure, during });
    }),
    rememberLoad: assign(({ context }) => ({ pending: context.pending ?? ('load' as const) })),
    rememberRefresh: assign({ pending: 'refresh' }),
    forgetPending: assign({ pending: undefined }),
  },
  guards: {
    hasSettings: ({ context }) => context.settings !== undefined,
    isLoadPending: ({ context }) => context.pending === 'load',
    isRefreshPending: ({ context }) => context.pending === 'refresh',
  },
  delays: { giveUpAfter: 60_000 },
}).createMachine({
  id: 'settings',
  description: 'Keeps the settings of the unit: loads env.json and refreshes it from the instance.',
  context: ({ input }) => ({ parent: input.parent }),
  entry: [{ type: 'report', params: { type: 'settings.ready' } }],
  initial: 'idle',
  states: {
    idle: {
      description: 'Nothing was requested yet.',
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
    },
    loading: {
      description: 'Reads and checks env.json.',
      tags: ['busy'],
      entry: [{ type: 'forgetPending' }],
      on: {
        'settings.load': { actions: [{ type: 'rememberLoad' }] },
        'settings.refresh': { actions: [{ type: 'rememberRefresh' }] },
      },
      invoke: {
        id: 'load',
        src: 'load',
        onDone: {
          target: 'ready',
          actions: [{ type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
        },
        onError: {
          target: 'faulty',
          actions: [{ type: 'fail', params: ({ event }) => ({ failure: failureOf(event.error), during: 'load' }) }],
        },
      },
      after: {
        giveUpAfter: {
          target: 'faulty',
          actions: [{ type: 'fail', params: { failure: timedOut('Loading env.json'), during: 'load' } }],
        },
      },
    },
    refreshing: {
      description: 'Downloads the env from the instance, checks it, and only then replaces env.json.',
      tags: ['busy'],
      entry: [{ type: 'forgetPending' }],
      on: {
        'settings.load': { actions: [{ type: 'rememberLoad' }] },
        'settings.refresh': { actions: [{ type: 'rememberRefresh' }] },
      },
      invoke: {
        id: 'refresh',
        src: 'refresh',
        onDone: {
          target: 'ready',
          actions: [{ type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
        },
        onError: {
          target: 'faulty',
          actions: [{ type: 'fail', params: ({ event }) => ({ failure: failureOf(event.error), during: 'refresh' }) }],
        },
      },
      after: {
        giveUpAfter: {
          target: 'faulty',
          actions: [{ type: 'fail', params: { failure: timedOut('Refreshing env.json'), during: 'refresh' } }],
        },
      },
    },
    ready: {
      description: 'Settings are in force; the last attempt may have failed.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
      ],
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
    },
    faulty: {
      description: 'The last attempt failed and no settings are in force.',
      tags: ['faulty'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'hasSettings', target: 'ready' },
      ],
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
    },
  },
});
