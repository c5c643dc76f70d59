/** The chart of the settings machine, to paste into an editor of statecharts. Made by `npm run diagrams`. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type: 'settings.pursue' | 'broker.up' | 'broker.down' | 'broker.denied' | 'settings.load' | 'settings.refresh';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    load: fromPromise(async () => undefined),
    refresh: fromPromise(async () => undefined),
    askBroker: fromPromise(async () => undefined),
    restore: fromPromise(async () => undefined),
    confirm: fromPromise(async () => undefined),
  },
  actions: {
    report: () => undefined,
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
    adoptRestored: () => undefined,
    endTrial: () => undefined,
  },
  guards: {
    hasSettings: () => false,
    isLoadPending: () => false,
    isRefreshPending: () => false,
    isPostponed: () => false,
    canRetry: () => false,
    isOnTrial: () => false,
    isToBeTried: () => false,
    hasNoLink: () => false,
    hasGoodLink: () => false,
    isGuilty: () => false,
  },
  delays: { giveUpAfter: 60000, onlineWithin: 120000, retryAfter: 1000 },
}).createMachine({
  id: 'settings',
  description: 'Keeps the settings of the unit: loads env.json and refreshes it from the instance.',
  entry: [{ type: 'report', params: { type: 'settings.ready' } }],
  initial: 'idle',
  on: {
    'settings.pursue': { actions: [{ type: 'beginPursuit' }] },
    'broker.up': { actions: [{ type: 'noteLink' }] },
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
        onDone: [
          { guard: { type: 'isToBeTried' }, target: 'trying', actions: [{ type: 'adopt' }] },
          { target: 'ready', actions: [{ type: 'adopt' }] },
        ],
        onError: { target: 'faulty', actions: [{ type: 'fail' }] },
      },
      after: {
        giveUpAfter: {
          target: 'faulty',
          actions: [
            {
              type: 'fail',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Loading env.json took too long and was given up',
                },
                during: 'load',
              },
            },
          ],
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
        onDone: [
          { guard: { type: 'isToBeTried' }, target: 'trying', actions: [{ type: 'endPursuit' }, { type: 'adopt' }] },
          { target: 'ready', actions: [{ type: 'endPursuit' }, { type: 'adopt' }] },
        ],
        onError: [
          { guard: { type: 'canRetry' }, target: 'waiting', actions: [{ type: 'postpone' }] },
          { target: 'faulty', actions: [{ type: 'endPursuit' }, { type: 'fail' }] },
        ],
      },
      after: {
        giveUpAfter: [
          {
            guard: {
              type: 'canRetry',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Refreshing env.json took too long and was given up',
                },
              },
            },
            target: 'waiting',
            actions: [
              {
                type: 'postpone',
                params: {
                  failure: {
                    name: 'TimeoutError',
                    code: 'timeout',
                    message: 'Refreshing env.json took too long and was given up',
                  },
                },
              },
            ],
          },
          {
            target: 'faulty',
            actions: [
              { type: 'endPursuit' },
              {
                type: 'fail',
                params: {
                  failure: {
                    name: 'TimeoutError',
                    code: 'timeout',
                    message: 'Refreshing env.json took too long and was given up',
                  },
                  during: 'refresh',
                },
              },
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
        onDone: [{ guard: { type: 'isGuilty' }, target: 'restoring' }, { target: '#settings.trying.connecting' }],
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
        onDone: { target: 'ready', actions: [{ type: 'adoptRestored' }] },
        onError: { target: 'trying', actions: [{ type: 'fail' }] },
      },
      after: {
        giveUpAfter: {
          target: 'trying',
          actions: [
            {
              type: 'fail',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Restoring env.json took too long and was given up',
                },
                during: 'restore',
              },
            },
          ],
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
      invoke: { id: 'confirm', src: 'confirm', onDone: { target: 'ready' }, onError: { target: 'ready' } },
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
