/**
 * Keeps the unit's schema: loads schema.json, refreshes it from the instance, reports the topics to subscribe to.
 *
 *     idle ─load─▶ loading ─ok─▶ ready ─refresh─▶ refreshing ─ok─▶ ready
 *                     │                               │
 *                     └─fail─▶ faulty ◀───────fail────┤   (ready again where topics are in force)
 *                                                     └─of a command─▶ waiting ─▶ refreshing
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { LoadSchema, RefreshSchema, SchemaTopics } from '../services/schema.ts';
import { timedOut } from './lib/failure.ts';
import { canSucceedLater, isTriedForLong, noRetry, retriedAfter, retryMs, type Retry } from './lib/retry.ts';
import { childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** Events that the schema machine accepts. One that comes during another is handled after it. */
export type SchemaEvent =
  | { type: 'schema.load' }
  | { type: 'schema.refresh' }
  /** The refresh that follows was commanded: it is tried again until it works. */
  | { type: 'schema.pursue' };

/** Facts that the schema machine reports to its parent. */
export type SchemaFact =
  | { type: 'schema.loaded'; topics: SchemaTopics }
  | { type: 'schema.failed'; failure: Failure; during: Attempt }
  /** A commanded refresh failed, and is tried again. */
  | { type: 'schema.postponed'; failure: Failure; attempts: number };

type Attempt = 'load' | 'refresh';

export interface SchemaInput extends ChildInput<SchemaFact> {
  /** The topics in force, by a machine that ran before this one. @defaultValue none */
  topics?: SchemaTopics;
}

export interface SchemaContext extends Child<SchemaFact> {
  /** The current topics. */
  topics?: SchemaTopics;
  /** Failure of the last attempt. */
  failure?: Failure | undefined;
  /** The request to handle next; a refresh includes a load. */
  pending?: Attempt | undefined;
  /** How often the commanded refresh has failed; `undefined` without a command. */
  retry?: Retry | undefined;
}

export const schemaMachine = setup({
  types: {} as {
    input: SchemaInput;
    context: SchemaContext;
    events: SchemaEvent;
    emitted: SchemaFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: { load: slot<LoadSchema>('schema.load'), refresh: slot<RefreshSchema>('schema.refresh') },
  actions: {
    /** Makes topics the current ones and reports them. */
    adopt: enqueueActions(({ context, enqueue }, { topics }: { topics: SchemaTopics }) => {
      enqueue.assign({ topics, failure: undefined });
      tell(enqueue, context, { type: 'schema.loaded', topics });
    }),
    /** Keeps and reports the failure of a commanded refresh, and counts it. */
    postpone: enqueueActions(({ context: { parent, retry }, enqueue }, { failure }: { failure: Failure }) => {
      const next = retriedAfter(retry ?? noRetry, failure);
      enqueue.assign({ failure, retry: next });
      tell(enqueue, { parent }, { type: 'schema.postponed', failure, attempts: next.attempts });
    }),
    /** Keeps and reports a failure; the current topics stay. */
    fail: enqueueActions(({ context, enqueue }, { failure, during }: { failure: Failure; during: Attempt }) => {
      enqueue.assign({ failure });
      tell(enqueue, context, { type: 'schema.failed', failure, during });
    }),
    rememberLoad: assign(({ context }) => ({ pending: context.pending ?? ('load' as const) })),
    rememberRefresh: assign({ pending: 'refresh' }),
    forgetPending: enqueueActions(({ context, enqueue }) => {
      if (context.pending) enqueue.assign({ pending: undefined });
    }),
    beginPursuit: assign({ retry: noRetry }),
    /** Ends the pursuit, unless a newer command waits for its turn. */
    endPursuit: assign(({ context: { pending, retry } }) => ({ retry: pending === 'refresh' ? retry : undefined })),
  },
  guards: {
    hasTopics: ({ context }) => context.topics !== undefined,
    isLoadPending: ({ context }) => context.pending === 'load',
    isRefreshPending: ({ context }) => context.pending === 'refresh',
    isPostponed: ({ context: { retry } }) => retry !== undefined && retry.attempts > 0,
    /** Whether a commanded refresh is tried again after this failure; what is in force stays so meanwhile. */
    canRetry: ({ context: { topics, retry } }, { failure }: { failure: Failure }) =>
      topics !== undefined && retry !== undefined && canSucceedLater(failure) && !isTriedForLong(retry),
  },
  delays: { giveUpAfter: 60_000, retryAfter: ({ context: { retry } }) => retryMs(retry ?? noRetry) },
}).createMachine({
  id: 'schema',
  description: 'Keeps the topics of the unit: loads schema.json and refreshes it from the instance.',
  context: ({ input }) => ({ ...(input.topics && { topics: input.topics }), ...childOf(input) }),
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
        input: ({ context }) => ({ unit: context.unit }),
        onDone: {
          target: 'ready',
          actions: [{ type: 'adopt', params: ({ event }) => ({ topics: event.output }) }],
        },
        onError: {
          target: 'faulty',
          actions: [{ type: 'fail', params: ({ event }) => ({ failure: failureOf(event.error), during: 'load' }) }],
        },
      },
      after: {
        giveUpAfter: {
          target: 'faulty',
          actions: [{ type: 'fail', params: { failure: timedOut('Loading schema.json'), during: 'load' } }],
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
        input: ({ context }) => ({ unit: context.unit }),
        onDone: {
          target: 'ready',
          actions: [{ type: 'endPursuit' }, { type: 'adopt', params: ({ event }) => ({ topics: event.output }) }],
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
            guard: { type: 'canRetry', params: { failure: timedOut('Refreshing schema.json') } },
            target: 'waiting',
            actions: [{ type: 'postpone', params: { failure: timedOut('Refreshing schema.json') } }],
          },
          {
            target: 'faulty',
            actions: [
              { type: 'endPursuit' },
              { type: 'fail', params: { failure: timedOut('Refreshing schema.json'), during: 'refresh' } },
            ],
          },
        ],
      },
    },
    waiting: {
      description: 'Topics are in force; a commanded refresh failed and is tried again.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
      ],
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
