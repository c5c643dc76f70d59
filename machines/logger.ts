/**
 * Controls the unit's log: which sinks are on, when stored entries are sent to the instance, and when sinks are
 * flushed.
 *
 *     idle ─sync─▶ awaitingBroker ─broker.up─▶ gathering ─beginAfter─▶ syncing { reading ─▶ sending ◀─▶ pausing } ─▶ idle
 *       │                ▲                         ▲──────sync─────────────┘         │
 *       │                └──────resumeAfter── interrupted ◀────link lost─────────────┘
 *       └──flush─▶ flushing ─▶ idle
 *
 * A sync that was cut off goes on with `sending`, behind the last batch that the broker has acknowledged.
 *
 * Entries bypass the machine: they go from the caller straight to the sinks.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { FlushLogs, LogBatch, LogLevel, ReadStoredLogs, SendLogBatch } from '../services/log.ts';
import { backoff } from './lib/delays.ts';
import { timedOut } from './lib/failure.ts';
import { childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

export type LogSinkName = 'console' | 'file' | 'mqtt';

/** Configuration of the log. */
export interface LogConfig extends Readonly<Record<LogSinkName, boolean>> {
  /** Entries below this level are dropped everywhere. */
  readonly minLevel: LogLevel;
  /** Number of newest entries to store. */
  readonly maxLength: number;
}

/** Events that the logger machine accepts. */
export type LoggerEvent =
  | { type: 'broker.up' }
  | { type: 'broker.down' }
  | { type: 'logger.configure'; minLevel: LogLevel; maxLength: number }
  | { type: 'logger.toggle'; sink: LogSinkName; enabled: boolean }
  /** Send every stored entry; while offline, once the broker is back. */
  | { type: 'logger.sync' }
  | { type: 'logger.flush' };

/** Facts that the logger machine reports to its parent. */
export type LoggerFact =
  /** So many stored entries were sent; those omitted are longer than what can be sent at once. */
  | { type: 'logger.synced'; entries: number; omitted: number }
  | { type: 'logger.flushed' }
  | { type: 'logger.failed'; failure: Failure };

export interface LoggerInput extends ChildInput<LoggerFact> {
  config: LogConfig;
}

/** How far a sync is. */
export interface SyncProgress {
  /** Number of entries to send. */
  readonly stored: number;
  /** Number of those that are done with, sent or not. */
  readonly passed: number;
  /** Number of those that the broker has acknowledged. */
  readonly sent: number;
}

export interface LoggerContext extends Child<LoggerFact> {
  config: LogConfig;
  isOnline: boolean;
  /** Whether a sync was requested and has not started. */
  isSyncDue: boolean;
  /** How far the current sync is, also while it is cut off; absent until the stored entries are read. */
  progress?: SyncProgress | undefined;
  /** Number of times that the current sync was cut off. */
  cuts: number;
  /** Whether a flush was requested and has not started. */
  isFlushDue: boolean;
  /** Failure of the last sync or flush. */
  failure?: Failure | undefined;
}

const nothingSent: SyncProgress = { stored: 0, passed: 0, sent: 0 };

const after = ({ stored, passed, sent }: SyncProgress, batch: LogBatch): SyncProgress => ({
  stored,
  passed: passed + batch.passed,
  sent: sent + batch.sent,
});

export const loggerMachine = setup({
  types: {} as {
    input: LoggerInput;
    context: LoggerContext;
    events: LoggerEvent;
    emitted: LoggerFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: {
    readStored: slot<ReadStoredLogs>('logger.readStored'),
    sendBatch: slot<SendLogBatch>('logger.sendBatch'),
    flush: slot<FlushLogs>('logger.flush'),
  },
  actions: {
    /** Applies the configuration; the app provides it. */
    applyConfig: (_args, _config: LogConfig) => undefined,
    /** From here on, what goes out by itself is no part of the sync; the app provides it. */
    markSync: (_args, _params: undefined) => undefined,
    /** Holds new entries back from MQTT; the app provides it. */
    holdEntries: (_args, _params: undefined) => undefined,
    /** Sends those that were held back, and holds no more; the app provides it. */
    releaseEntries: (_args, _params: undefined) => undefined,
    report: enqueueActions(({ context, enqueue }, fact: LoggerFact) => tell(enqueue, context, fact)),
    reportFailure: enqueueActions(({ context, enqueue }, { failure }: { failure: Failure }) => {
      enqueue.assign({ failure });
      tell(enqueue, context, { type: 'logger.failed', failure });
    }),
    keepConfig: assign(({ context }, { minLevel, maxLength }: Pick<LogConfig, 'minLevel' | 'maxLength'>) => ({
      config: { ...context.config, minLevel, maxLength },
    })),
    keepSink: assign(({ context }, { sink, enabled }: { sink: LogSinkName; enabled: boolean }) => ({
      config: { ...context.config, [sink]: enabled },
    })),
    noteOnline: assign({ isOnline: true }),
    noteOffline: assign({ isOnline: false }),
    wantSync: assign({ isSyncDue: true, progress: undefined }),
    wantRest: assign({ isSyncDue: true }),
    countCut: assign(({ context }) => ({ cuts: context.cuts + 1 })),
    takeSync: assign({ isSyncDue: false }),
    noteStored: assign((_, { stored }: { stored: number }) => ({ progress: { ...nothingSent, stored } })),
    noteBatch: assign(({ context: { progress = nothingSent } }, batch: LogBatch) => ({
      progress: after(progress, batch),
    })),
    reportSynced: enqueueActions(({ context, enqueue }) => {
      const { passed, sent } = context.progress ?? nothingSent;
      enqueue.assign({ progress: undefined, cuts: 0, failure: undefined });
      tell(enqueue, context, { type: 'logger.synced', entries: sent, omitted: passed - sent });
    }),
    wantFlush: assign({ isFlushDue: true }),
    takeFlush: assign({ isFlushDue: false }),
  },
  guards: {
    isFlushDue: ({ context }) => context.isFlushDue,
    isSyncDue: ({ context }) => context.isSyncDue,
    hasLostLink: (_, { failure }: { failure: Failure }) => failure.name === 'BrokerError' && failure.code !== 'refused',
    isUnderWay: ({ context }) => context.progress !== undefined,
    isEmpty: (_, { stored }: { stored: number }) => stored === 0,
    isLast: ({ context: { progress = nothingSent } }, batch: LogBatch) =>
      after(progress, batch).passed >= progress.stored,
    canSync: ({ context }) => context.isSyncDue && context.isOnline,
  },
  delays: {
    beginAfter: 250,
    syncWithin: 600_000,
    /** At most 8 batches of 64 KiB a second, well within the platform's limit. */
    sendAfter: 125,
    flushWithin: 5000,
    resumeAfter: ({ context }) => backoff(context.cuts),
  },
}).createMachine({
  id: 'logger',
  description: 'Decides which log sinks are on and when stored entries are sent.',
  context: ({ input }) => ({
    config: input.config,
    isOnline: false,
    isSyncDue: false,
    cuts: 0,
    isFlushDue: false,
    ...childOf(input),
  }),
  entry: [{ type: 'applyConfig', params: ({ context }) => context.config }, { type: 'releaseEntries' }],
  initial: 'idle',
  on: {
    'broker.up': { actions: [{ type: 'noteOnline' }] },
    'broker.down': { actions: [{ type: 'noteOffline' }] },
    'logger.configure': {
      actions: [
        { type: 'keepConfig', params: ({ event }) => event },
        { type: 'applyConfig', params: ({ context }) => context.config },
      ],
    },
    'logger.toggle': {
      actions: [
        { type: 'keepSink', params: ({ event }) => event },
        { type: 'applyConfig', params: ({ context }) => context.config },
      ],
    },
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
      always: [
        { guard: 'isFlushDue', target: 'flushing' },
        { guard: 'canSync', target: 'gathering' },
      ],
    },
    gathering: {
      description: 'A sync is about to begin; those asked for within the moment are one.',
      tags: ['ready'],
      always: { guard: 'isFlushDue', target: 'flushing' },
      on: { 'broker.down': { target: 'awaitingBroker', actions: [{ type: 'noteOffline' }] } },
      after: { beginAfter: [{ guard: 'isUnderWay', target: 'syncing.sending' }, { target: 'syncing.reading' }] },
    },
    syncing: {
      description:
        'Sends every stored entry, oldest first, or those that are left; one that is asked for meanwhile takes its place.',
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
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Sending the stored log') } }],
        },
      },
      initial: 'reading',
      states: {
        reading: {
          description: 'Reads the stored entries.',
          invoke: {
            id: 'readStored',
            src: 'readStored',
            input: ({ context }) => ({ unit: context.unit }),
            onDone: [
              {
                guard: { type: 'isEmpty', params: ({ event }) => ({ stored: event.output }) },
                target: '#logger.idle',
                actions: [{ type: 'reportSynced' }],
              },
              {
                target: 'sending',
                actions: [{ type: 'noteStored', params: ({ event }) => ({ stored: event.output }) }],
              },
            ],
            onError: {
              target: '#logger.idle',
              actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
            },
          },
        },
        sending: {
          description: 'Waits until the broker has acknowledged a batch of the entries that are left.',
          invoke: {
            id: 'sendBatch',
            src: 'sendBatch',
            input: ({ context }) => ({ unit: context.unit, from: context.progress?.passed ?? 0 }),
            onDone: [
              {
                guard: { type: 'isLast', params: ({ event }) => event.output },
                target: '#logger.idle',
                actions: [{ type: 'noteBatch', params: ({ event }) => event.output }, { type: 'reportSynced' }],
              },
              { target: 'pausing', actions: [{ type: 'noteBatch', params: ({ event }) => event.output }] },
            ],
            onError: [
              {
                guard: { type: 'hasLostLink', params: ({ event }) => ({ failure: failureOf(event.error) }) },
                target: '#logger.interrupted',
                actions: [{ type: 'wantRest' }, { type: 'countCut' }],
              },
              {
                target: '#logger.idle',
                actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
              },
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
        input: ({ context }) => ({ unit: context.unit }),
        onDone: { target: 'idle', actions: [{ type: 'report', params: { type: 'logger.flushed' } }] },
        onError: {
          target: 'idle',
          actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      after: {
        flushWithin: {
          target: 'idle',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Flushing the log') } }],
        },
      },
    },
  },
});
