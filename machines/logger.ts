/**
 * Controls the unit's log: which sinks are on, when stored entries are sent to the instance, and when sinks are
 * flushed.
 *
 *     idle ─sync─▶ awaitingBroker ─broker.up─▶ gathering ─beginAfter─▶ syncing ─▶ idle
 *       │                ▲                         ▲──────sync─────────┘  │
 *       │                └──────resumeAfter── interrupted ◀────link lost──┘
 *       └──flush─▶ flushing ─▶ idle
 *
 * Entries bypass the machine: they go from the caller straight to the sinks.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { FlushLogs, LogLevel, SendStoredLogs } from '../services/log.ts';
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
  | { type: 'logger.ready' }
  | { type: 'logger.synced'; entries: number }
  | { type: 'logger.flushed' }
  | { type: 'logger.failed'; failure: Failure };

export interface LoggerInput extends ChildInput<LoggerFact> {
  config: LogConfig;
}

export interface LoggerContext extends Child<LoggerFact> {
  config: LogConfig;
  isOnline: boolean;
  /** Whether a sync was requested and has not started. */
  isSyncDue: boolean;
  /** Whether the due sync resumes the one that was cut off. */
  goesOn: boolean;
  /** Number of times that the current sync was cut off. */
  cuts: number;
  /** Whether a flush was requested and has not started. */
  isFlushDue: boolean;
  /** Failure of the last sync or flush. */
  failure?: Failure | undefined;
}

export const loggerMachine = setup({
  types: {} as {
    input: LoggerInput;
    context: LoggerContext;
    events: LoggerEvent;
    emitted: LoggerFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: { sendStored: slot<SendStoredLogs>('logger.sendStored'), flush: slot<FlushLogs>('logger.flush') },
  actions: {
    /** Applies the configuration; the app provides it. */
    applyConfig: (_args, _config: LogConfig) => undefined,
    /** From here on, what goes out by itself is no part of the sync; the app provides it. */
    markSync: (_args, _params: undefined) => undefined,
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
    wantSync: assign({ isSyncDue: true, goesOn: false }),
    wantRest: assign(({ context }) => ({ isSyncDue: true, goesOn: true, cuts: context.cuts + 1 })),
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
  delays: {
    beginAfter: 250,
    syncWithin: 600_000,
    flushWithin: 5000,
    resumeAfter: ({ context }) => backoff(context.cuts),
  },
}).createMachine({
  id: 'logger',
  description: 'Decides which log sinks are on and when stored entries are sent.',
  context: ({ input }) => ({
    ...childOf(input),
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
      after: { beginAfter: { target: 'syncing' } },
    },
    syncing: {
      description:
        'Sends every stored entry, oldest first, or those that are left; one that is asked for meanwhile takes its place.',
      tags: ['busy', 'ready'],
      entry: [{ type: 'takeSync' }],
      on: {
        'broker.down': { target: 'awaitingBroker', actions: [{ type: 'noteOffline' }, { type: 'wantRest' }] },
        'logger.sync': { target: 'gathering', actions: [{ type: 'wantSync' }, { type: 'markSync' }] },
      },
      invoke: {
        id: 'sendStored',
        src: 'sendStored',
        input: ({ context }) => ({ unit: context.unit, goesOn: context.goesOn }),
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
