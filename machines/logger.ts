/**
 * Decides what the unit's log does: which sinks are on, when stored entries go to the instance, when all is flushed.
 *
 *     idle ─sync─▶ awaitingBroker ─broker.up─▶ syncing ─▶ idle
 *       │                ▲                     │
 *       │                └──resumeAfter── interrupted ◀─ link lost
 *       └──flush─▶ flushing ─▶ idle
 *
 * Entries do not come this way: they go from the caller straight to the sinks.
 */
import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { FlushLogs, LogLevel, SendStoredLogs } from '../services/log.ts';
import { backoff } from './lib/delays.ts';
import { timedOut } from './lib/failure.ts';
import { slot, type Parent } from './lib/slot.ts';

export type LogSinkName = 'console' | 'file' | 'mqtt';

/** What is logged, and where to. */
export interface LogConfig extends Readonly<Record<LogSinkName, boolean>> {
  /** Entries below are dropped everywhere. */
  readonly minLevel: LogLevel;
  /** How many of the newest entries are stored. */
  readonly maxLength: number;
}

/** Events that the logger machine accepts. */
export type LoggerEvent =
  | { type: 'broker.up' }
  | { type: 'broker.down' }
  | { type: 'logger.configure'; minLevel: LogLevel; maxLength: number }
  | { type: 'logger.toggle'; sink: LogSinkName; enabled: boolean }
  /** Send every stored entry; while offline as soon as the broker is back. */
  | { type: 'logger.sync' }
  | { type: 'logger.flush' };

/** Facts that the logger machine reports to its parent. */
export type LoggerFact =
  | { type: 'logger.ready' }
  | { type: 'logger.synced'; entries: number }
  | { type: 'logger.flushed' }
  | { type: 'logger.failed'; failure: Failure };

export interface LoggerInput {
  parent: Parent<LoggerFact>;
  config: LogConfig;
}

export interface LoggerContext {
  parent: Parent<LoggerFact>;
  config: LogConfig;
  isOnline: boolean;
  /** A sync was asked for and has not started. */
  isSyncDue: boolean;
  /** The sync that is due goes on where the last one was cut off. */
  goesOn: boolean;
  /** How often the sync that runs was cut off. */
  cuts: number;
  /** A flush was asked for and has not started. */
  isFlushDue: boolean;
  /** Why the last sync or flush failed. */
  failure?: Failure | undefined;
}

export const loggerMachine = setup({
  types: {
    input: {} as LoggerInput,
    context: {} as LoggerContext,
    events: {} as LoggerEvent,
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: { sendStored: slot<SendStoredLogs>('logger.sendStored'), flush: slot<FlushLogs>('logger.flush') },
  actions: {
    /** Puts the configuration into force; the app provides it. */
    applyConfig: (_args, _config: LogConfig) => undefined,
    report: sendTo(
      ({ context }) => context.parent,
      (_, fact: LoggerFact) => fact,
    ),
    reportFailure: enqueueActions(({ context, enqueue }, { failure }: { failure: Failure }) => {
      enqueue.assign({ failure });
      enqueue.sendTo(context.parent, { type: 'logger.failed', failure });
    }),
    keepConfig: assign(({ context }, { minLevel, maxLength }: Pick<LogConfig, 'minLevel' | 'maxLength'>) => ({
      config: { ...context.config, minLevel, maxLength },
    })),
    keepSink: assign(({ context }, { sink, enabled }: { sink: LogSinkName; enabled: boolean }) => ({
      config: { ...context.config, [sink]: enabled },
    })),
    noteOnline: assign({ isOnline: true }),
    noteOffline: assign({ isOnline: false }),
    wantSync: assign({ isSyncDue: true, goesOn: false }),
    /** A sync that was asked for meanwhile begins anew, so nothing is left to go on with. */
    wantRest: assign(({ context }) => ({ isSyncDue: true, goesOn: !context.isSyncDue, cuts: context.cuts + 1 })),
    takeSync: assign({ isSyncDue: false }),
    forgetCuts: assign({ cuts: 0, goesOn: false }),
    wantFlush: assign({ isFlushDue: true }),
    takeFlush: assign({ isFlushDue: false }),
    forgetFailure: assign({ failure: undefined }),
  },
  guards: {
    isFlushDue: ({ context }) => context.isFlushDue,
    isSyncDue: ({ context }) => context.isSyncDue,
    hasLostLink: (_, { failure }: { failure: Failure }) => failure.name === 'BrokerError' && failure.code !== 'refused',
    canSync: ({ context }) => context.isSyncDue && context.isOnline,
  },
  delays: { syncWithin: 600_000, flushWithin: 5000, resumeAfter: ({ context }) => backoff(context.cuts) },
}).createMachine({
  id: 'logger',
  description: 'Decides which log sinks are on and when stored entries are sent.',
  context: ({ input }) => ({
    parent: input.parent,
    config: input.config,
    isOnline: false,
    isSyncDue: false,
    goesOn: false,
    cuts: 0,
    isFlushDue: false,
  }),
  entry: [
    { type: 'applyConfig', params: ({ context }) => context.config },
    { type: 'report', params: { type: 'logger.ready' } },
  ],
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
    'logger.sync': { actions: [{ type: 'wantSync' }] },
    'logger.flush': { actions: [{ type: 'wantFlush' }] },
  },
  states: {
    idle: {
      description: 'Entries go to their sinks; nothing else was asked for.',
      tags: ['ready'],
      always: [
        { guard: 'isFlushDue', target: 'flushing' },
        { guard: 'canSync', target: 'syncing' },
        { guard: 'isSyncDue', target: 'awaitingBroker' },
      ],
    },
    awaitingBroker: {
      description: 'Stored entries are to be sent as soon as the broker is back.',
      tags: ['ready'],
      always: [
        { guard: 'isFlushDue', target: 'flushing' },
        { guard: 'canSync', target: 'syncing' },
      ],
    },
    syncing: {
      description:
        'Sends every stored entry, oldest first, or those that are left; a sync asked for meanwhile follows.',
      tags: ['busy', 'ready'],
      entry: [{ type: 'takeSync' }],
      on: {
        'broker.down': { target: 'awaitingBroker', actions: [{ type: 'noteOffline' }, { type: 'wantRest' }] },
      },
      invoke: {
        id: 'sendStored',
        src: 'sendStored',
        input: ({ context }) => ({ goesOn: context.goesOn }),
        onDone: {
          target: 'idle',
          actions: [
            { type: 'forgetFailure' },
            { type: 'forgetCuts' },
            { type: 'report', params: ({ event }) => ({ type: 'logger.synced', entries: event.output }) },
          ],
        },
        onError: [
          {
            guard: { type: 'hasLostLink', params: ({ event }) => ({ failure: failureOf(event.error) }) },
            target: 'interrupted',
            actions: [{ type: 'wantRest' }],
          },
          {
            target: 'idle',
            actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
          },
        ],
      },
      after: {
        syncWithin: {
          target: 'idle',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Sending the stored log') } }],
        },
      },
    },
    interrupted: {
      description: 'The link broke under the sync, which goes on soon, or when the broker is back.',
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
