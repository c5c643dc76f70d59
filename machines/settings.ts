/**
 * Keeps the unit's settings: loads env.json, refreshes it from the instance, reports changes.
 *
 *     idle ─load─▶ loading ─ok─▶ ready ─refresh─▶ refreshing ─ok─▶ ready
 *                     │                               │
 *                     └─fail─▶ faulty ◀───────fail────┤   (ready again where settings are in force)
 *                                                     └─of a command─▶ waiting ─▶ refreshing
 *
 * An env with another connection is on trial first:
 *
 *     trying { leaving ─▶ connecting } ─link─▶ confirming ─▶ ready
 *       ▲ └──────no link in time──────▶ judging ─there─▶ restoring ─▶ ready
 *       └────────the broker before is not there either────┘
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { AskLastBroker, ConfirmEnv } from '../services/env-trial.ts';
import type { LoadSettings, RefreshSettings, RestoredEnv, RestoreEnv, UnitSettings } from '../services/settings.ts';
import { timedOut } from './lib/failure.ts';
import { canSucceedLater, isTriedForLong, noRetry, retriedAfter, retryMs, type Retry } from './lib/retry.ts';
import { childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** Events that the settings machine accepts. One that comes during another is handled after it. */
export type SettingsEvent =
  | { type: 'settings.load' }
  | { type: 'settings.refresh' }
  /** The refresh that follows was commanded: it is tried again until it works. */
  | { type: 'settings.pursue' }
  /** The link is open and each topic was answered; `denied` has the denied base topics. */
  | { type: 'broker.up'; denied: readonly string[] }
  | { type: 'broker.down' }
  /** The instance denies the unit its own topics: the broker is there, and the env says nothing about it. */
  | { type: 'broker.denied' };

/** Facts that the settings machine reports to its parent. */
export type SettingsFact =
  | { type: 'settings.ready' }
  | { type: 'settings.loaded'; settings: UnitSettings }
  | { type: 'settings.failed'; failure: Failure; during: Attempt }
  /** A commanded refresh failed, and is tried again. */
  | { type: 'settings.postponed'; failure: Failure; attempts: number }
  /** The env on trial brought no link and was given up; the one before is in force. */
  | { type: 'settings.restored'; names: readonly string[] };

type Attempt = 'load' | 'refresh' | 'restore';

export interface SettingsInput extends ChildInput<SettingsFact> {}

export interface SettingsContext extends Child<SettingsFact> {
  /** The current settings. */
  settings?: UnitSettings;
  /** Failure of the last attempt. */
  failure?: Failure | undefined;
  /** How often the commanded refresh has failed; `undefined` without a command. */
  retry?: Retry | undefined;
  /** The request to handle next; a refresh includes a load. */
  pending?: 'load' | 'refresh' | undefined;
  /** Whether the link is open and its topics are answered. */
  hasLink: boolean;
  /** Whether the broker denied base topics on the last link. */
  isDenied: boolean;
}

export const settingsMachine = setup({
  types: {} as {
    input: SettingsInput;
    context: SettingsContext;
    events: SettingsEvent;
    emitted: SettingsFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: {
    load: slot<LoadSettings>('settings.load'),
    refresh: slot<RefreshSettings>('settings.refresh'),
    askBroker: slot<AskLastBroker>('settings.askBroker'),
    restore: slot<RestoreEnv>('settings.restore'),
    confirm: slot<ConfirmEnv>('settings.confirm'),
  },
  actions: {
    report: enqueueActions(({ context, enqueue }, fact: SettingsFact) => tell(enqueue, context, fact)),
    /** Makes settings the current ones and reports them. */
    adopt: enqueueActions(({ context, enqueue }, { settings }: { settings: UnitSettings }) => {
      enqueue.assign({ settings, failure: undefined, isDenied: context.hasLink && context.isDenied });
      tell(enqueue, context, { type: 'settings.loaded', settings });
    }),
    /** Keeps and reports the failure of a commanded refresh, and counts it. */
    postpone: enqueueActions(({ context: { parent, retry }, enqueue }, { failure }: { failure: Failure }) => {
      const next = retriedAfter(retry ?? noRetry, failure);
      enqueue.assign({ failure, retry: next });
      tell(enqueue, { parent }, { type: 'settings.postponed', failure, attempts: next.attempts });
    }),
    /** Keeps and reports a failure; the current settings stay. */
    fail: enqueueActions(({ context, enqueue }, { failure, during }: { failure: Failure; during: Attempt }) => {
      enqueue.assign({ failure });
      tell(enqueue, context, { type: 'settings.failed', failure, during });
    }),
    rememberLoad: assign(({ context }) => ({ pending: context.pending ?? ('load' as const) })),
    rememberRefresh: assign({ pending: 'refresh' }),
    forgetPending: assign({ pending: undefined }),
    beginPursuit: assign({ retry: noRetry }),
    /** Ends the pursuit, unless a newer command waits for its turn. */
    endPursuit: assign(({ context: { pending, retry } }) => ({ retry: pending === 'refresh' ? retry : undefined })),
    noteLink: assign((_, { denied }: { denied: readonly string[] }) => ({
      hasLink: true,
      isDenied: denied.length > 0,
    })),
    noteNoLink: assign({ hasLink: false }),
    noteDenied: assign({ isDenied: true }),
    /** Makes the env before the current one, and reports that the new one was given up. */
    adoptRestored: enqueueActions(({ context, enqueue }, { settings, names }: RestoredEnv) => {
      enqueue.assign({ settings, failure: undefined });
      tell(enqueue, context, { type: 'settings.restored', names });
      tell(enqueue, context, { type: 'settings.loaded', settings });
    }),
    endTrial: assign(({ context: { settings } }) => {
      if (!settings) return {};
      const { isOnTrial: _, ...confirmed } = settings;
      return { settings: confirmed };
    }),
  },
  guards: {
    hasSettings: ({ context }) => context.settings !== undefined,
    isLoadPending: ({ context }) => context.pending === 'load',
    isRefreshPending: ({ context }) => context.pending === 'refresh',
    isPostponed: ({ context: { retry } }) => retry !== undefined && retry.attempts > 0,
    /** Whether a commanded refresh is tried again after this failure; what is in force stays so meanwhile. */
    canRetry: ({ context: { settings, retry } }, { failure }: { failure: Failure }) =>
      settings !== undefined && retry !== undefined && canSucceedLater(failure) && !isTriedForLong(retry),
    isOnTrial: ({ context }) => context.settings?.isOnTrial === true,
    isToBeTried: (_, { isOnTrial }: Pick<UnitSettings, 'isOnTrial'>) => isOnTrial === true,
    hasNoLink: ({ context }) => !context.hasLink,
    hasGoodLink: ({ context }) => context.hasLink && !context.isDenied,
    isGuilty: ({ context }, { isThere }: { isThere: boolean }) => isThere && !context.hasLink && !context.isDenied,
  },
  delays: {
    giveUpAfter: 60_000,
    onlineWithin: 120_000,
    retryAfter: ({ context: { retry } }) => retryMs(retry ?? noRetry),
  },
}).createMachine({
  id: 'settings',
  description: 'Keeps the settings of the unit: loads env.json and refreshes it from the instance.',
  context: ({ input }) => ({ ...childOf(input), hasLink: false, isDenied: false }),
  entry: [{ type: 'report', params: { type: 'settings.ready' } }],
  initial: 'idle',
  on: {
    'settings.pursue': { actions: [{ type: 'beginPursuit' }] },
    'broker.up': { actions: [{ type: 'noteLink', params: ({ event }) => event }] },
    'broker.down': { actions: [{ type: 'noteNoLink' }] },
    'broker.denied': { actions: [{ type: 'noteDenied' }] },
  },
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
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          {
            guard: { type: 'isToBeTried', params: ({ event }) => event.output },
            target: 'trying',
            actions: [{ type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
          },
          {
            target: 'ready',
            actions: [{ type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
          },
        ],
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
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          {
            guard: { type: 'isToBeTried', params: ({ event }) => event.output },
            target: 'trying',
            actions: [{ type: 'endPursuit' }, { type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
          },
          {
            target: 'ready',
            actions: [{ type: 'endPursuit' }, { type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
          },
        ],
        onError: [
          {
            guard: { type: 'canRetry', params: ({ event }) => ({ failure: failureOf(event.error) }) },
            target: 'waiting',
            actions: [{ type: 'postpone', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
          },
          {
            target: 'faulty',
            actions: [
              { type: 'endPursuit' },
              { type: 'fail', params: ({ event }) => ({ failure: failureOf(event.error), during: 'refresh' }) },
            ],
          },
        ],
      },
      after: {
        giveUpAfter: [
          {
            guard: { type: 'canRetry', params: { failure: timedOut('Refreshing env.json') } },
            target: 'waiting',
            actions: [{ type: 'postpone', params: { failure: timedOut('Refreshing env.json') } }],
          },
          {
            target: 'faulty',
            actions: [
              { type: 'endPursuit' },
              { type: 'fail', params: { failure: timedOut('Refreshing env.json'), during: 'refresh' } },
            ],
          },
        ],
      },
    },
    waiting: {
      description: 'Settings are in force; a commanded refresh failed and is tried again.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'isOnTrial', target: 'trying' },
      ],
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
      after: { retryAfter: { target: 'refreshing' } },
    },
    ready: {
      description: 'Settings are in force; the last attempt may have failed.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'isPostponed', target: 'waiting' },
      ],
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
    },
    trying: {
      description: 'A new env is in force, and has to bring the unit online; the one before is kept.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
      ],
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
      after: { onlineWithin: { target: 'judging' } },
      initial: 'leaving',
      states: {
        leaving: {
          description: 'Waits for the link of the env before to end.',
          always: { guard: 'hasNoLink', target: 'connecting' },
        },
        connecting: {
          description: 'Waits for a link with its base topics granted.',
          always: { guard: 'hasGoodLink', target: '#settings.confirming' },
        },
      },
    },
    judging: {
      description: 'No good link came in time: asks whether the broker of the last good link is there.',
      tags: ['ready'],
      on: {
        'settings.load': { actions: [{ type: 'rememberLoad' }] },
        'settings.refresh': { actions: [{ type: 'rememberRefresh' }] },
      },
      invoke: {
        id: 'askBroker',
        src: 'askBroker',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          { guard: { type: 'isGuilty', params: ({ event }) => ({ isThere: event.output }) }, target: 'restoring' },
          { target: '#settings.trying.connecting' },
        ],
        onError: { target: '#settings.trying.connecting' },
      },
      after: { giveUpAfter: { target: '#settings.trying.connecting' } },
    },
    restoring: {
      description: 'Puts the env before back: the new one cost the unit its link.',
      tags: ['busy'],
      on: {
        'settings.load': { actions: [{ type: 'rememberLoad' }] },
        'settings.refresh': { actions: [{ type: 'rememberRefresh' }] },
      },
      invoke: {
        id: 'restore',
        src: 'restore',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: {
          target: 'ready',
          actions: [{ type: 'adoptRestored', params: ({ event }) => event.output }],
        },
        onError: {
          target: 'trying',
          actions: [{ type: 'fail', params: ({ event }) => ({ failure: failureOf(event.error), during: 'restore' }) }],
        },
      },
      after: {
        giveUpAfter: {
          target: 'trying',
          actions: [{ type: 'fail', params: { failure: timedOut('Restoring env.json'), during: 'restore' } }],
        },
      },
    },
    confirming: {
      description: 'Forgets the env before: the new one brought the unit online.',
      tags: ['ready'],
      entry: [{ type: 'endTrial' }],
      on: {
        'settings.load': { actions: [{ type: 'rememberLoad' }] },
        'settings.refresh': { actions: [{ type: 'rememberRefresh' }] },
      },
      invoke: {
        id: 'confirm',
        src: 'confirm',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: { target: 'ready' },
        onError: { target: 'ready' },
      },
      after: { giveUpAfter: { target: 'ready' } },
    },
    faulty: {
      description: 'The last attempt failed and no settings are in force.',
      tags: ['faulty'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'isOnTrial', target: 'trying' },
        { guard: 'hasSettings', target: 'ready' },
      ],
      on: { 'settings.load': { target: 'loading' }, 'settings.refresh': { target: 'refreshing' } },
    },
  },
});
