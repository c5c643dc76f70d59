/** The chart of the settings machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'settings.pursue'
        | 'broker.up'
        | 'broker.down'
        | 'broker.denied'
        | 'broker.wanted'
        | 'broker.unwanted'
        | 'settings.load'
        | 'settings.refresh';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    load: fromPromise(async () => undefined),
    refresh: fromPromise(async () => undefined),
    askBroker: fromPromise(async () => undefined),
    restore: fromPromise(async () => undefined),
    charge: fromPromise(async () => undefined),
    askInstance: fromPromise(async () => undefined),
    compareInstances: fromPromise(async () => undefined),
    confirm: fromPromise(async () => undefined),
  },
  actions: {
    adopt: () => undefined,
    postpone: () => undefined,
    fail: () => undefined,
    rememberLoad: () => undefined,
    rememberRefresh: () => undefined,
    forgetPending: () => undefined,
    beginPursuit: () => undefined,
    endPursuit: () => undefined,
    noteLink: () => undefined,
    noteNoLink: () => undefined,
    noteDenied: () => undefined,
    noteWish: () => undefined,
    noteNoWish: () => undefined,
    beginTrial: () => undefined,
    chargePart: () => undefined,
    endTrial: () => undefined,
  },
  guards: {
    hasSettings: () => false,
    isLoadPending: () => false,
    isRefreshPending: () => false,
    isPostponed: () => false,
    canRetry: () => false,
    isOnTrial: () => false,
    isOnNoTrial: () => false,
    isOnAnotherTrial: () => false,
    isBrokerProven: () => false,
    isBrokerUnproven: () => false,
    isKeptFromLink: () => false,
    isFree: () => false,
    isProven: () => false,
    hasTimeLeft: () => false,
    hasLostLink: () => false,
    hasLostInstance: () => false,
  },
  delays: { giveUpAfter: 60000, partAfter: 30000, askAgainAfter: 30000, judgeAgainAfter: 120000, retryAfter: 1000 },
}).createMachine({
  id: 'settings',
  description: 'Keeps the settings of the unit: loads env.json, refreshes it from the instance, and tries a new one.',
  type: 'parallel',
  on: {
    'settings.pursue': { actions: [{ type: 'beginPursuit' }] },
    'broker.up': { actions: [{ type: 'noteLink' }] },
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
            onDone: { target: 'ready', actions: [{ type: 'adopt' }] },
            onError: { target: 'faulty', actions: [{ type: 'fail' }] },
          },
          after: { giveUpAfter: { target: 'faulty', actions: [{ type: 'fail' }] } },
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
            onDone: { target: 'ready', actions: [{ type: 'endPursuit' }, { type: 'adopt' }] },
            onError: [
              { guard: { type: 'canRetry' }, target: 'waiting', actions: [{ type: 'postpone' }] },
              { target: 'faulty', actions: [{ type: 'endPursuit' }, { type: 'fail' }] },
            ],
          },
          after: {
            giveUpAfter: [
              { guard: { type: 'canRetry' }, target: 'waiting', actions: [{ type: 'postpone' }] },
              { target: 'faulty', actions: [{ type: 'endPursuit' }, { type: 'fail' }] },
            ],
          },
        },
        waiting: {
          description: 'Settings are in force; a commanded refresh failed and is tried again.',
          tags: ['ready'],
          always: [{ guard: 'isRefreshPending', target: 'refreshing' }, { guard: 'isLoadPending', target: 'loading' }],
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
        settled: { description: 'No env is on trial.', always: { guard: 'isOnTrial', target: 'trying' } },
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
                  invoke: { id: 'charge', src: 'charge', onError: {} },
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
                    onDone: [
                      { guard: { type: 'hasLostLink' }, target: '#settings.trial.restoring' },
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
                    onDone: [
                      { guard: { type: 'hasLostInstance' }, target: '#settings.trial.restoring' },
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
            onDone: { target: 'settled', actions: [{ type: 'adopt' }] },
            onError: { target: '#settings.trial.trying.time.acquitted', actions: [{ type: 'fail' }] },
          },
          after: { giveUpAfter: { target: '#settings.trial.trying.time.acquitted', actions: [{ type: 'fail' }] } },
        },
        confirming: {
          description: 'Forgets the env before: the new one has reached all that it names.',
          entry: [{ type: 'endTrial' }],
          invoke: { id: 'confirm', src: 'confirm', onDone: { target: 'settled' }, onError: { target: 'settled' } },
          after: { giveUpAfter: { target: 'settled' } },
        },
      },
    },
  },
});
