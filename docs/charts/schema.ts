/** The chart of the schema machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'schema.pursue'
        | 'schema.load'
        | 'schema.refresh';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    load: fromPromise(async () => undefined),
    refresh: fromPromise(async () => undefined),
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
  },
  guards: {
    hasTopics: () => false,
    isLoadPending: () => false,
    isRefreshPending: () => false,
    isPostponed: () => false,
    canRetry: () => false,
  },
  delays: { giveUpAfter: 60000, retryAfter: 1000 },
}).createMachine({
  id: 'schema',
  description: 'Keeps the topics of the unit: loads schema.json and refreshes it from the instance.',
  initial: 'idle',
  on: { 'schema.pursue': { actions: [{ type: 'beginPursuit' }] } },
  states: {
    idle: {
      description: 'Nothing was requested yet.',
      on: { 'schema.load': { target: 'loading' }, 'schema.refresh': { target: 'refreshing' } },
    },
    loading: {
      description: 'Reads and checks schema.json.',
      tags: ['busy'],
      entry: [{ type: 'forgetPending' }],
      on: {
        'schema.load': { actions: [{ type: 'rememberLoad' }] },
        'schema.refresh': { actions: [{ type: 'rememberRefresh' }] },
      },
      invoke: {
        id: 'load',
        src: 'load',
        onDone: { target: 'ready', actions: [{ type: 'adopt' }] },
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
                  message: 'Loading schema.json took too long and was given up',
                },
                during: 'load',
              },
            },
          ],
        },
      },
    },
    refreshing: {
      description: 'Downloads the schema from the instance, checks it, and only then replaces schema.json.',
      tags: ['busy'],
      entry: [{ type: 'forgetPending' }],
      on: {
        'schema.load': { actions: [{ type: 'rememberLoad' }] },
        'schema.refresh': { actions: [{ type: 'rememberRefresh' }] },
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
          {
            guard: {
              type: 'canRetry',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Refreshing schema.json took too long and was given up',
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
                    message: 'Refreshing schema.json took too long and was given up',
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
                    message: 'Refreshing schema.json took too long and was given up',
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
      description: 'Topics are in force; a commanded refresh failed and is tried again.',
      tags: ['ready'],
      always: [{ guard: 'isRefreshPending', target: 'refreshing' }, { guard: 'isLoadPending', target: 'loading' }],
      on: { 'schema.load': { target: 'loading' }, 'schema.refresh': { target: 'refreshing' } },
      after: { retryAfter: { target: 'refreshing' } },
    },
    ready: {
      description: 'Topics are in force; the last attempt may have failed.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'isPostponed', target: 'waiting' },
      ],
      on: { 'schema.load': { target: 'loading' }, 'schema.refresh': { target: 'refreshing' } },
    },
    faulty: {
      description: 'The last attempt failed and no topics are in force.',
      tags: ['faulty'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'hasTopics', target: 'ready' },
      ],
      on: { 'schema.load': { target: 'loading' }, 'schema.refresh': { target: 'refreshing' } },
    },
  },
});
