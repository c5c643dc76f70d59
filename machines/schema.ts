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
import { documentStates } from './lib/document-states.ts';
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
    keepContent: assign((_, { content }: { content: SchemaTopics }) => ({ topics: content, failure: undefined })),
    keepFailure: assign((_, { failure }: { failure: Failure }) => ({ failure })),
    rememberLoad: assign(({ context }) => ({ pending: context.pending ?? ('load' as const) })),
    rememberRefresh: assign({ pending: 'refresh' }),
    forgetPending: assign({ pending: undefined }),
  },
  guards: {
    hasContent: ({ context }) => context.topics !== undefined,
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
  states: documentStates({
    id: 'schema',
    file: 'schema.json',
    source: 'the schema',
    content: 'topics',
    loaded: (topics: SchemaTopics): SchemaFact => ({ type: 'schema.loaded', topics }),
    failed: (failure, during): SchemaFact => ({ type: 'schema.failed', failure, during }),
  }),
});
