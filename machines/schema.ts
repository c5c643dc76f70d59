/**
 * Keeps the unit's schema: loads schema.json, refreshes it from the instance, tells which topics to subscribe to.
 *
 *     idle ─load─▶ loading ─ok─▶ ready ─refresh─▶ refreshing ─ok─▶ ready
 *                     │                               │
 *                     └─fail─▶ faulty ◀───────fail────┘   (ready again when topics are in force)
 */
import { assign, sendTo, setup } from 'xstate';
import type { Failure } from '../services/errors.ts';
import type { LoadSchema, RefreshSchema, SchemaTopics } from '../services/schema.ts';
import { failureOf, timedOut } from './lib/failure.ts';
import type { Parent } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** What others may tell the schema machine. One that comes while it is busy is remembered and done after. */
export type SchemaEvent = { type: 'schema.load' } | { type: 'schema.refresh' };

/** What the schema machine tells its parent. */
export type SchemaFact =
  | { type: 'schema.ready' }
  | { type: 'schema.loaded'; topics: SchemaTopics }
  | { type: 'schema.failed'; failure: Failure; during: 'load' | 'refresh' };

export interface SchemaInput {
  parent: Parent<SchemaFact>;
}

export interface SchemaContext {
  parent: Parent<SchemaFact>;
  /** The topics in force. */
  topics?: SchemaTopics;
  /** Why the last attempt failed. */
  failure?: Failure | undefined;
  /** What was asked for while busy; a refresh stands for a load too. */
  pending?: 'load' | 'refresh' | undefined;
}

export const schemaMachine = setup({
  types: {
    input: {} as SchemaInput,
    context: {} as SchemaContext,
    events: {} as SchemaEvent,
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: { load: slot<LoadSchema>('schema.load'), refresh: slot<RefreshSchema>('schema.refresh') },
  actions: {
    report: sendTo(
      ({ context }) => context.parent,
      (_, fact: SchemaFact) => fact,
    ),
    keepTopics: assign((_, { topics }: { topics: SchemaTopics }) => ({ topics, failure: undefined })),
    keepFailure: assign((_, { failure }: { failure: Failure }) => ({ failure })),
    rememberLoad: assign(({ context }) => ({ pending: context.pending ?? ('load' as const) })),
    rememberRefresh: assign({ pending: 'refresh' }),
    forgetPending: assign({ pending: undefined }),
  },
  guards: {
    hasTopics: ({ context }) => context.topics !== undefined,
    isLoadPending: ({ context }) => context.pending === 'load',
    isRefreshPending: ({ context }) => context.pending === 'refresh',
  },
  delays: { giveUpAfter: 60_000 },
}).createMachine({
  id: 'schema',
  description: 'Keeps the topics of the unit: schema.json and what the instance says about it.',
  context: ({ input }) => ({ parent: input.parent }),
  entry: [{ type: 'report', params: { type: 'schema.ready' } }],
  initial: 'idle',
  states: {
    idle: {
      description: 'Nothing was asked for yet.',
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
        onDone: {
          target: 'ready',
          actions: [
            { type: 'keepTopics', params: ({ event }) => ({ topics: event.output }) },
            { type: 'report', params: ({ event }) => ({ type: 'schema.loaded', topics: event.output }) },
          ],
        },
        onError: {
          target: 'faulty',
          actions: [
            { type: 'keepFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) },
            {
              type: 'report',
              params: ({ event }) => ({ type: 'schema.failed', failure: failureOf(event.error), during: 'load' }),
            },
          ],
        },
      },
      after: {
        giveUpAfter: {
          target: 'faulty',
          actions: [
            { type: 'keepFailure', params: { failure: timedOut('Loading schema.json') } },
            {
              type: 'report',
              params: { type: 'schema.failed', failure: timedOut('Loading schema.json'), during: 'load' },
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
        onDone: {
          target: 'ready',
          actions: [
            { type: 'keepTopics', params: ({ event }) => ({ topics: event.output }) },
            { type: 'report', params: ({ event }) => ({ type: 'schema.loaded', topics: event.output }) },
          ],
        },
        onError: {
          target: 'faulty',
          actions: [
            { type: 'keepFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) },
            {
              type: 'report',
              params: ({ event }) => ({ type: 'schema.failed', failure: failureOf(event.error), during: 'refresh' }),
            },
          ],
        },
      },
      after: {
        giveUpAfter: {
          target: 'faulty',
          actions: [
            { type: 'keepFailure', params: { failure: timedOut('Refreshing schema.json') } },
            {
              type: 'report',
              params: { type: 'schema.failed', failure: timedOut('Refreshing schema.json'), during: 'refresh' },
            },
          ],
        },
      },
    },
    ready: {
      description: 'Topics are in force; the last attempt may have failed.',
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
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
