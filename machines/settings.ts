/**
 * Keeps the unit's settings: loads env.json, refreshes it from the instance, reports changes; and tries a new env. The two
 * go on side by side.
 *
 * The document:
 *
 *     idle ─load─▶ loading ─ok─▶ ready ─refresh─▶ refreshing ─ok─▶ ready
 *                     │                               │
 *                     └─fail─▶ faulty ◀───────fail────┤   (ready again where settings are in force)
 *                                                     └─of a command─▶ waiting ─▶ refreshing
 *
 * The trial of an env with another connection, whose two regions end each other:
 *
 *     settled ─▶ trying { way:  connecting ─link─▶ asking ◀─▶ unanswered } ─instance answers─▶ confirming ─▶ settled
 *        ▲              { time: running ─over─▶ judging ─▶ askingBroker │ comparing ◀─▶ acquitted ◀─▶ paused }
 *        └───────────────────── restoring ◀─what was there before is─┘
 *
 * Each part of the time is noted on disk ahead: a trial goes on after a restart of the program.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { AskInstance, AskLastBroker, ChargeTrial, CompareInstances, ConfirmEnv } from '../services/env-trial.ts';
import type { LoadSettings, RefreshSettings, RestoreEnv, UnitSettings } from '../services/settings.ts';
import { timedOut } from './lib/failure.ts';
import { canSucceedLater, isTriedForLong, noRetry, retriedAfter, retryMs, type Retry } from './lib/retry.ts';
import { childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';
import { hasTimeLeft, trialDelays } from './lib/trial-time.ts';

/** Events that the settings machine accepts. One that comes during another is handled after it. */
export type SettingsEvent =
  | { type: 'settings.load' }
  | { type: 'settings.refresh' }
  /** The refresh that follows was commanded: it is tried again until it works. */
  | { type: 'settings.pursue' }
  /** The link is open and each topic was answered; `denied` has the denied base topics. */
  | { type: 'broker.up'; denied: readonly string[] }
  | { type: 'broker.down' }
  /** The broker denied base topics on the last link, by the current env: it is there, and the env says nothing about it. */
  | { type: 'broker.denied'; topics?: readonly string[] }
  /** The app wants a link, as it does from the beginning. */
  | { type: 'broker.wanted' }
  /** The app has left the broker: that there is no link says nothing about the env. */
  | { type: 'broker.unwanted' };

/** Facts that the settings machine reports to its parent. */
export type SettingsFact =
  | { type: 'settings.loaded'; settings: UnitSettings }
  | { type: 'settings.failed'; failure: Failure; during: Attempt }
  /** A commanded refresh failed, and is tried again. */
  | { type: 'settings.postponed'; failure: Failure; attempts: number }
  /** The env on trial cost the unit its link or its instance and was given up; the one before is in force. */
  | { type: 'settings.restored'; names: readonly string[] };

type Attempt = 'load' | 'refresh' | 'restore';

export interface SettingsInput extends ChildInput<SettingsFact> {
  /** The settings in force, by a machine that ran before this one. @defaultValue none */
  settings?: UnitSettings;
}

export interface SettingsContext extends Child<SettingsFact> {
  /** The current settings. */
  settings?: UnitSettings;
  /** Failure of the last attempt. */
  failure?: Failure | undefined;
  /** How often the commanded refresh has failed; `undefined` without a command. */
  retry?: Retry | undefined;
  /** The request to handle next; a refresh includes a load. */
  pending?: 'load' | 'refresh' | undefined;
  /** Whether the link of the current settings is open and its topics are answered. */
  hasLink: boolean;
  /** Whether the broker denied base topics on the last link. */
  isDenied: boolean;
  /** Whether the app wants a link. */
  isWanted: boolean;
  /** Revision of the env that is or was tried last; 0 before the first. */
  tried: number;
  /** How many parts of its time that trial has begun. */
  spent: number;
}

/** Whether the env on trial has a good link, or no new broker to prove. */
const isBrokerProven = ({ settings, hasLink, isDenied }: SettingsContext): boolean =>
  settings?.trial?.isBrokerNew === false || (hasLink && !isDenied);

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
    charge: slot<ChargeTrial>('settings.charge'),
    askInstance: slot<AskInstance>('settings.askInstance'),
    compareInstances: slot<CompareInstances>('settings.compareInstances'),
    confirm: slot<ConfirmEnv>('settings.confirm'),
  },
  actions: {
    /** Makes settings the current ones and reports them, and an env that was given up for them. */
    adopt: enqueueActions(({ context, enqueue }, { settings: given }: { settings: UnitSettings }) => {
      const { givenUp: names, ...settings } = given;
      const { settings: before, hasLink, isDenied } = context;
      enqueue.assign({ settings, failure: undefined });
      // The root replaces the link at once: what is heard of one from now on is of the new one.
      if (!before) enqueue.assign({ isDenied: hasLink && isDenied });
      else if (before.linkRevision !== settings.linkRevision) enqueue.assign({ hasLink: false, isDenied: false });
      if (names) tell(enqueue, context, { type: 'settings.restored', names });
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
    forgetPending: enqueueActions(({ context, enqueue }) => {
      if (context.pending) enqueue.assign({ pending: undefined });
    }),
    beginPursuit: assign({ retry: noRetry }),
    /** Ends the pursuit, unless a newer command waits for its turn. */
    endPursuit: assign(({ context: { pending, retry } }) => ({ retry: pending === 'refresh' ? retry : undefined })),
    noteLink: assign((_, { denied }: { denied: readonly string[] }) => ({
      hasLink: true,
      isDenied: denied.length > 0,
    })),
    noteNoLink: assign({ hasLink: false }),
    noteDenied: assign({ isDenied: true }),
    noteWish: assign({ isWanted: true }),
    noteNoWish: assign({ isWanted: false }),
    /** Begins the trial of the current env, or goes on with it. */
    beginTrial: assign(({ context: { settings, tried, spent } }) => {
      const trial = settings?.trial;
      return trial && trial.revision !== tried ? { tried: trial.revision, spent: trial.spent } : { tried, spent };
    }),
    chargePart: assign(({ context: { spent } }) => ({ spent: spent + 1 })),
    endTrial: assign(({ context: { settings } }) => {
      if (!settings) return {};
      const { trial: _, ...confirmed } = settings;
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
    isOnTrial: ({ context }) => context.settings?.trial !== undefined,
    isOnNoTrial: ({ context }) => context.settings?.trial === undefined,
    /** Whether another env has come into force meanwhile, on trial or not. */
    isOnAnotherTrial: ({ context }) => context.settings?.trial?.revision !== context.tried,
    /** Whether the env on trial has done all that it can be asked for without the instance. */
    isBrokerProven: ({ context }) => isBrokerProven(context),
    isBrokerUnproven: ({ context }) => !isBrokerProven(context),
    /** Whether the env on trial needs a link that the app does not want. */
    isKeptFromLink: ({ context }) => !context.isWanted && !isBrokerProven(context),
    isFree: ({ context }) => context.isWanted || isBrokerProven(context),
    isProven: ({ context }) => isBrokerProven(context) && context.settings?.trial?.isInstanceNew === false,
    hasTimeLeft: ({ context }) => hasTimeLeft(context),
    hasLostLink: ({ context }, { isThere }: { isThere: boolean }) => isThere && !context.hasLink && !context.isDenied,
    hasLostInstance: (_, { isLost }: { isLost: boolean }) => isLost,
  },
  delays: {
    giveUpAfter: 60_000,
    ...trialDelays(() => 120_000),
    retryAfter: ({ context: { retry } }) => retryMs(retry ?? noRetry),
  },
}).createMachine({
  id: 'settings',
  description: 'Keeps the settings of the unit: loads env.json, refreshes it from the instance, and tries a new one.',
  type: 'parallel',
  context: ({ input }) => ({
    ...(input.settings && { settings: input.settings }),
    hasLink: false,
    isDenied: false,
    isWanted: true,
    tried: 0,
    spent: 0,
    ...childOf(input),
  }),
  on: {
    'settings.pursue': { actions: [{ type: 'beginPursuit' }] },
    'broker.up': { actions: [{ type: 'noteLink', params: ({ event }) => event }] },
    'broker.down': { actions: [{ type: 'noteNoLink' }] },
    'broker.denied': { actions: [{ type: 'noteDenied' }] },
    'broker.wanted': { actions: [{ type: 'noteWish' }] },
    'broker.unwanted': { actions: [{ type: 'noteNoWish' }] },
  },
  states: {
    document: {
      description: 'Keeps env.json.',
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
            input: ({ context }) => ({ unit: context.unit }),
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
              actions: [{ type: 'fail', params: () => ({ failure: timedOut('Loading env.json'), during: 'load' }) }],
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
            onDone: {
              target: 'ready',
              actions: [{ type: 'endPursuit' }, { type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
            },
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
                guard: { type: 'canRetry', params: () => ({ failure: timedOut('Refreshing env.json') }) },
                target: 'waiting',
                actions: [{ type: 'postpone', params: () => ({ failure: timedOut('Refreshing env.json') }) }],
              },
              {
                target: 'faulty',
                actions: [
                  { type: 'endPursuit' },
                  { type: 'fail', params: () => ({ failure: timedOut('Refreshing env.json'), during: 'refresh' }) },
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
    },
    trial: {
      description: 'Tries an env with another connection, and puts the one before back if that is better.',
      initial: 'settled',
      states: {
        settled: {
          description: 'No env is on trial.',
          always: { guard: 'isOnTrial', target: 'trying' },
        },
        trying: {
          description: 'A new env is in force, and has to reach its broker and its instance; the one before is kept.',
          type: 'parallel',
          entry: [{ type: 'beginTrial' }],
          always: [
            { guard: 'isOnNoTrial', target: 'settled' },
            { guard: 'isOnAnotherTrial', target: 'trying', reenter: true },
          ],
          states: {
            way: {
              description: 'What the new env has reached.',
              initial: 'connecting',
              states: {
                connecting: {
                  description: 'Waits for a link with its base topics granted, if the broker is a new one.',
                  always: [
                    { guard: 'isProven', target: '#settings.trial.confirming' },
                    { guard: 'isBrokerProven', target: 'asking' },
                  ],
                },
                asking: {
                  description: 'Asks the instance at its new address.',
                  always: { guard: 'isBrokerUnproven', target: 'connecting' },
                  invoke: {
                    id: 'askInstance',
                    src: 'askInstance',
                    input: ({ context }) => ({ unit: context.unit }),
                    onDone: { target: '#settings.trial.confirming' },
                    onError: { target: 'unanswered' },
                  },
                  after: { giveUpAfter: { target: 'unanswered' } },
                },
                unanswered: {
                  description: 'The instance did not answer at its new address, and is asked again.',
                  always: { guard: 'isBrokerUnproven', target: 'connecting' },
                  after: { askAgainAfter: { target: 'asking' } },
                },
              },
            },
            time: {
              description: 'The time that the new env has.',
              initial: 'running',
              states: {
                running: {
                  description: 'Waits a part of the time, after noting it on disk.',
                  entry: [{ type: 'chargePart' }],
                  always: { guard: 'isKeptFromLink', target: 'paused' },
                  invoke: {
                    id: 'charge',
                    src: 'charge',
                    input: ({ context: { unit, tried: revision, spent } }) => ({ unit, revision, spent }),
                    onError: {},
                  },
                  after: {
                    partAfter: [{ guard: 'hasTimeLeft', target: 'running', reenter: true }, { target: 'judging' }],
                  },
                },
                judging: {
                  description: 'The time is over: decides what the new env has not reached.',
                  always: [{ guard: 'isBrokerProven', target: 'comparing' }, { target: 'askingBroker' }],
                },
                askingBroker: {
                  description: 'Asks whether the broker of the last good link is there.',
                  always: { guard: 'isKeptFromLink', target: 'paused' },
                  invoke: {
                    id: 'askBroker',
                    src: 'askBroker',
                    input: ({ context }) => ({ unit: context.unit }),
                    onDone: [
                      {
                        guard: { type: 'hasLostLink', params: ({ event }) => ({ isThere: event.output }) },
                        target: '#settings.trial.restoring',
                      },
                      { target: 'acquitted' },
                    ],
                    onError: { target: 'acquitted' },
                  },
                  after: { giveUpAfter: { target: 'acquitted' } },
                },
                comparing: {
                  description: 'Asks whether the instance answers at the address before, and not at the new one.',
                  invoke: {
                    id: 'compareInstances',
                    src: 'compareInstances',
                    input: ({ context: { unit, tried: revision } }) => ({ unit, revision }),
                    onDone: [
                      {
                        guard: { type: 'hasLostInstance', params: ({ event }) => ({ isLost: event.output }) },
                        target: '#settings.trial.restoring',
                      },
                      { target: 'acquitted' },
                    ],
                    onError: { target: 'acquitted' },
                  },
                  after: { giveUpAfter: { target: 'acquitted' } },
                },
                acquitted: {
                  description: 'The env before would do no better now, or can not be put back yet.',
                  always: { guard: 'isKeptFromLink', target: 'paused' },
                  after: { judgeAgainAfter: { target: 'judging' } },
                },
                paused: {
                  description: 'The app has left the broker: the new env gets its time once a link is wanted again.',
                  always: { guard: 'isFree', target: 'acquitted' },
                },
              },
            },
          },
        },
        restoring: {
          description: 'Puts the env before back: the new one cost the unit its link or its instance.',
          tags: ['busy'],
          always: { guard: 'isOnAnotherTrial', target: 'settled' },
          invoke: {
            id: 'restore',
            src: 'restore',
            input: ({ context: { unit, tried: revision } }) => ({ unit, revision }),
            onDone: {
              target: 'settled',
              actions: [{ type: 'adopt', params: ({ event }) => ({ settings: event.output }) }],
            },
            onError: {
              target: '#settings.trial.trying.time.acquitted',
              actions: [
                { type: 'fail', params: ({ event }) => ({ failure: failureOf(event.error), during: 'restore' }) },
              ],
            },
          },
          after: {
            giveUpAfter: {
              target: '#settings.trial.trying.time.acquitted',
              actions: [
                { type: 'fail', params: () => ({ failure: timedOut('Restoring env.json'), during: 'restore' }) },
              ],
            },
          },
        },
        confirming: {
          description: 'Forgets the env before: the new one has reached all that it names.',
          entry: [{ type: 'endTrial' }],
          invoke: {
            id: 'confirm',
            src: 'confirm',
            input: ({ context: { unit, tried: revision } }) => ({ unit, revision }),
            onDone: { target: 'settled' },
            onError: { target: 'settled' },
          },
          after: { giveUpAfter: { target: 'settled' } },
        },
      },
    },
  },
});
