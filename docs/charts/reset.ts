/** The chart of the reset machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'reset.recall'
        | 'reset.restart';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    recall: fromPromise(async () => undefined),
    restart: fromPromise(async () => undefined),
  },
  actions: {
    report: () => undefined,
    reportSkipped: () => undefined,
    wantRestart: () => undefined,
    takeRestart: () => undefined,
    countSkipped: () => undefined,
  },
  guards: {
    isDue: () => false,
    isAfterReset: () => false,
  },
  delays: { recallWithin: 10000, restartWithin: 120000, restAfter: 60000 },
}).createMachine({
  id: 'reset',
  description: 'Restarts the program on command, at most once a minute.',
  initial: 'idle',
  states: {
    idle: {
      description: 'The unit is not at work yet.',
      on: {
        'reset.recall': { target: 'recalling' },
        'reset.restart': { target: 'recalling', actions: [{ type: 'wantRestart' }] },
      },
    },
    recalling: {
      description: 'Finds out whether such a restart has started this program.',
      tags: ['busy'],
      on: { 'reset.restart': { actions: [{ type: 'wantRestart' }] } },
      invoke: {
        id: 'recall',
        src: 'recall',
        onDone: [
          { guard: { type: 'isAfterReset' }, target: 'resting', actions: [{ type: 'takeRestart' }] },
          { target: 'ready' },
        ],
        onError: { target: 'ready' },
      },
      after: { recallWithin: { target: 'ready' } },
    },
    ready: {
      description: 'Restarts the program as soon as it is asked to.',
      tags: ['ready'],
      always: { guard: 'isDue', target: 'restarting' },
      on: { 'reset.restart': { target: 'restarting' } },
    },
    restarting: {
      description: 'Flushes, closes the link, and lets another process take over.',
      tags: ['busy'],
      entry: [{ type: 'takeRestart' }, { type: 'report', params: { type: 'reset.began' } }],
      invoke: {
        id: 'restart',
        src: 'restart',
        onDone: { target: 'resting' },
        onError: { target: 'resting', actions: [{ type: 'report' }] },
      },
      after: {
        restartWithin: {
          target: 'resting',
          actions: [
            {
              type: 'report',
              params: {
                type: 'reset.failed',
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Restarting the program took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
    resting: {
      description: 'The last restart was less than a minute ago; requests are counted and passed over.',
      tags: ['ready'],
      on: { 'reset.restart': { actions: [{ type: 'countSkipped' }] } },
      after: { restAfter: { target: 'ready', actions: [{ type: 'reportSkipped' }] } },
    },
  },
});
