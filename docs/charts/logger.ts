/** The chart of the logger machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'broker.up'
        | 'broker.down'
        | 'logger.configure'
        | 'logger.toggle'
        | 'logger.sync'
        | 'logger.flush';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    readStored: fromPromise(async () => undefined),
    sendBatch: fromPromise(async () => undefined),
    flush: fromPromise(async () => undefined),
  },
  actions: {
    applyConfig: () => undefined,
    markSync: () => undefined,
    holdEntries: () => undefined,
    releaseEntries: () => undefined,
    report: () => undefined,
    reportFailure: () => undefined,
    keepConfig: () => undefined,
    keepSink: () => undefined,
    noteOnline: () => undefined,
    noteOffline: () => undefined,
    wantSync: () => undefined,
    wantRest: () => undefined,
    countCut: () => undefined,
    takeSync: () => undefined,
    noteStored: () => undefined,
    noteBatch: () => undefined,
    reportSynced: () => undefined,
    wantFlush: () => undefined,
    takeFlush: () => undefined,
  },
  guards: {
    isFlushDue: () => false,
    isSyncDue: () => false,
    hasLostLink: () => false,
    isUnderWay: () => false,
    isEmpty: () => false,
    isLast: () => false,
    canSync: () => false,
  },
  delays: { beginAfter: 250, syncWithin: 600000, sendAfter: 125, flushWithin: 5000, resumeAfter: 1000 },
}).createMachine({
  id: 'logger',
  description: 'Decides which log sinks are on and when stored entries are sent.',
  entry: [{ type: 'applyConfig' }, { type: 'releaseEntries' }],
  initial: 'idle',
  on: {
    'broker.up': { actions: [{ type: 'noteOnline' }] },
    'broker.down': { actions: [{ type: 'noteOffline' }] },
    'logger.configure': { actions: [{ type: 'keepConfig' }, { type: 'applyConfig' }] },
    'logger.toggle': { actions: [{ type: 'keepSink' }, { type: 'applyConfig' }] },
    'logger.sync': { actions: [{ type: 'wantSync' }, { type: 'markSync' }] },
    'logger.flush': { actions: [{ type: 'wantFlush' }] },
  },
  states: {
    idle: {
      description: 'Entries go to their sinks; nothing else is due.',
      tags: ['ready'],
      always: [
        { guard: 'isFlushDue', target: 'flushing' },
        { guard: 'canSync', target: 'gathering' },
        { guard: 'isSyncDue', target: 'awaitingBroker' },
      ],
    },
    awaitingBroker: {
      description: 'Stored entries are to be sent as soon as the broker is back.',
      tags: ['ready'],
      always: [{ guard: 'isFlushDue', target: 'flushing' }, { guard: 'canSync', target: 'gathering' }],
    },
    gathering: {
      description: 'A sync is about to begin; those asked for within the moment are one.',
      tags: ['ready'],
      always: { guard: 'isFlushDue', target: 'flushing' },
      on: { 'broker.down': { target: 'awaitingBroker', actions: [{ type: 'noteOffline' }] } },
      after: { beginAfter: [{ guard: 'isUnderWay', target: 'syncing.sending' }, { target: 'syncing.reading' }] },
    },
    syncing: {
      description: 'Sends every stored entry, oldest first, or those that are left; one that is asked for meanwhile takes its place.',
      tags: ['busy', 'ready'],
      entry: [{ type: 'takeSync' }, { type: 'holdEntries' }],
      exit: [{ type: 'releaseEntries' }],
      on: {
        'broker.down': {
          target: 'awaitingBroker',
          actions: [{ type: 'noteOffline' }, { type: 'wantRest' }, { type: 'countCut' }],
        },
        'logger.sync': { target: 'gathering', actions: [{ type: 'wantSync' }, { type: 'markSync' }] },
      },
      after: {
        syncWithin: {
          target: 'idle',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Sending the stored log took too long and was given up',
                },
              },
            },
          ],
        },
      },
      initial: 'reading',
      states: {
        reading: {
          description: 'Reads the stored entries.',
          invoke: {
            id: 'readStored',
            src: 'readStored',
            onDone: [
              { guard: { type: 'isEmpty' }, target: '#logger.idle', actions: [{ type: 'reportSynced' }] },
              { target: 'sending', actions: [{ type: 'noteStored' }] },
            ],
            onError: { target: '#logger.idle', actions: [{ type: 'reportFailure' }] },
          },
        },
        sending: {
          description: 'Waits until the broker has acknowledged a batch of the entries that are left.',
          invoke: {
            id: 'sendBatch',
            src: 'sendBatch',
            onDone: [
              {
                guard: { type: 'isLast' },
                target: '#logger.idle',
                actions: [{ type: 'noteBatch' }, { type: 'reportSynced' }],
              },
              { target: 'pausing', actions: [{ type: 'noteBatch' }] },
            ],
            onError: [
              {
                guard: { type: 'hasLostLink' },
                target: '#logger.interrupted',
                actions: [{ type: 'wantRest' }, { type: 'countCut' }],
              },
              { target: '#logger.idle', actions: [{ type: 'reportFailure' }] },
            ],
          },
        },
        pausing: {
          description: 'More entries are left; the next batch follows after a moment, and a flush before it.',
          always: { guard: 'isFlushDue', target: '#logger.flushing', actions: [{ type: 'wantRest' }] },
          after: { sendAfter: { target: 'sending' } },
        },
      },
    },
    interrupted: {
      description: 'The link broke during the sync, which resumes soon, or once the broker is back.',
      tags: ['ready'],
      always: { guard: 'isFlushDue', target: 'flushing' },
      on: { 'broker.down': { target: 'awaitingBroker', actions: [{ type: 'noteOffline' }] } },
      after: { resumeAfter: { target: 'awaitingBroker' } },
    },
    flushing: {
      description: 'Waits until everything written so far is out.',
      tags: ['busy', 'ready'],
      entry: [{ type: 'takeFlush' }],
      invoke: {
        id: 'flush',
        src: 'flush',
        onDone: { target: 'idle', actions: [{ type: 'report', params: { type: 'logger.flushed' } }] },
        onError: { target: 'idle', actions: [{ type: 'reportFailure' }] },
      },
      after: {
        flushWithin: {
          target: 'idle',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Flushing the log took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
  },
});
