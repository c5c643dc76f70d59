/** The chart of the time machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'network.up'
        | 'network.down'
        | 'time.sync'
        | 'clock.moved';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    readOffset: fromPromise(async () => undefined),
    watchClock: fromPromise(async () => undefined),
  },
  actions: {
    report: () => undefined,
    keepOffset: () => undefined,
    keepFailure: () => undefined,
    countMove: () => undefined,
    forgetMoves: () => undefined,
    noteNetwork: () => undefined,
    noteNoNetwork: () => undefined,
  },
  guards: {
    hasNoNetwork: () => false,
  },
  delays: {
    resyncAfter: 3600000,
    retryAfter: 1000,
    rereadAfter: 1000,
    syncWithin: 15000,
    tellFirstAfter: 60000,
    tellNextAfter: 600000,
    tellLastAfter: 3600000,
  },
}).createMachine({
  id: 'time',
  description: 'Keeps device time in step with a reference clock.',
  initial: 'stale',
  on: {
    'network.up': { actions: [{ type: 'noteNetwork' }] },
    'network.down': { target: '.stale', actions: [{ type: 'noteNoNetwork' }] },
  },
  states: {
    stale: {
      description: 'No network: time goes on with the last offset, or with the clock of the host.',
      on: {
        'network.up': { target: 'seeking', actions: [{ type: 'noteNetwork' }] },
        'time.sync': { target: 'seeking' },
      },
    },
    seeking: {
      description: 'Reads the reference clock until it answers; that it does not is told now and then.',
      initial: 'syncing',
      after: {
        tellFirstAfter: { actions: [{ type: 'report' }] },
        tellNextAfter: { actions: [{ type: 'report' }] },
        tellLastAfter: { actions: [{ type: 'report' }] },
      },
      states: {
        syncing: {
          description: 'Reads the reference clock.',
          tags: ['busy'],
          invoke: {
            id: 'readOffset',
            src: 'readOffset',
            onDone: { target: '#time.synced', actions: [{ type: 'keepOffset' }, { type: 'report' }] },
            onError: { target: 'waiting', actions: [{ type: 'keepFailure' }, { type: 'report' }] },
          },
          after: {
            syncWithin: {
              target: 'waiting',
              actions: [
                {
                  type: 'keepFailure',
                  params: {
                    failure: {
                      name: 'TimeoutError',
                      code: 'timeout',
                      message: 'Reading the reference clock took too long and was given up',
                    },
                  },
                },
                {
                  type: 'report',
                  params: {
                    type: 'time.failed',
                    failure: {
                      name: 'TimeoutError',
                      code: 'timeout',
                      message: 'Reading the reference clock took too long and was given up',
                    },
                  },
                },
              ],
            },
          },
        },
        waiting: {
          description: 'The last reading failed; the next comes soon.',
          tags: ['faulty'],
          always: { guard: 'hasNoNetwork', target: '#time.stale' },
          on: { 'time.sync': { target: 'syncing' } },
          after: { retryAfter: { target: 'syncing' } },
        },
      },
    },
    synced: {
      description: 'The offset is good, as long as the clocks of the host do not move apart.',
      tags: ['ready'],
      invoke: {
        id: 'watchClock',
        src: 'watchClock',
        onError: { target: 'doubtful', actions: [{ type: 'countMove' }] },
      },
      on: {
        'time.sync': { target: 'seeking' },
        'clock.moved': { target: 'doubtful', actions: [{ type: 'countMove' }] },
      },
      after: { resyncAfter: { target: 'seeking', actions: [{ type: 'forgetMoves' }] } },
    },
    doubtful: {
      description: 'The host slept, or its clock was set: the next reading comes soon, later each time that it happens.',
      tags: ['faulty'],
      on: { 'time.sync': { target: 'seeking' } },
      after: { rereadAfter: { target: 'seeking' } },
    },
  },
});
