import { schemaMachine } from '../../../../machines/schema.ts';
import type { Failure } from '../../../../services/errors.ts';
import type { SchemaTopics } from '../../../../services/schema.ts';
import { triedAgain } from './delays.ts';
import { both, hasFailedBefore, isPursued, pursued, requestFaults, waitMs, refreshFailures } from './requests.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure, type Consequence, type ContextOf } from './table.ts';

type Context = ContextOf<typeof schemaMachine>;

const row = rowsOf<typeof schemaMachine>();

const noAnswer = tooLong('Refreshing schema.json');

const isPending =
  (what: string) =>
  ({ pending }: Context): boolean =>
    pending === what;
const nothingPending = ({ pending }: Context) => pending === undefined;
const hasTopics = ({ topics }: Context) => topics !== undefined;
const goesOn = (context: Context) => hasTopics(context) && isPursued(context);

const begins = (what: 'loading' | 'refreshing') => ({ to: what, context: { pending: undefined } });
const pursuit = ({ pending, retry }: Context) => (pending === 'refresh' ? retry : undefined);

const loadFailed = (failure: Failure): Consequence<Context> => ({
  to: 'faulty',
  told: [{ type: 'schema.failed', failure, during: 'load' }],
  context: { failure },
});
const refreshFailed = (failure: Failure): Consequence<Context> => ({
  to: 'faulty',
  told: [{ type: 'schema.failed', failure, during: 'refresh' }],
  context: (context) => ({ failure, retry: pursuit(context) }),
});
const postponed = (failure: Failure, wait?: Parameters<typeof triedAgain>[1]): Consequence<Context> => ({
  to: 'waiting',
  told: ({ retry }) => [{ type: 'schema.postponed', failure, attempts: retry?.attempts }],
  context: ({ retry }) => ({ failure, retry: triedAgain(retry ?? pursued, wait) }),
});

const pendingFirst = (otherwise: Consequence<Context>[] = []) => [
  { ...begins('refreshing'), when: isPending('refresh') },
  { ...begins('loading'), when: isPending('load') },
  ...otherwise,
];

export const schemaTable = defineTable(schemaMachine, {
  states: {
    idle: {},
    loading: { tags: ['busy'], runs: { load: undefined }, after: { giveUpAfter: 60_000 } },
    refreshing: { tags: ['busy'], runs: { refresh: undefined }, after: { giveUpAfter: 60_000 } },
    waiting: { tags: ['ready'], after: { retryAfter: waitMs } },
    ready: { tags: ['ready'] },
    faulty: { tags: ['faulty'] },
  },
  start: { states: ['idle'], context: {} },
  events: [{ type: 'schema.load' }, { type: 'schema.refresh' }, { type: 'schema.pursue' }],
  outputs: {
    load: [{ subscribed: ['a'], reportsState: true }],
    refresh: [{ subscribed: ['a', 'b'], reportsState: true }],
  },
  errors: { refresh: requestFaults.map(({ error }) => error) },
  rows: [
    row('any', 'schema.pursue', { context: { retry: pursued } }),
    row('idle waiting ready faulty', 'schema.load', begins('loading')),
    row('idle waiting ready faulty', 'schema.refresh', begins('refreshing')),
    row(
      'loading refreshing',
      'schema.load',
      { when: nothingPending, context: { pending: 'load' } },
      { when: not(nothingPending) },
    ),
    row('loading refreshing', 'schema.refresh', { context: { pending: 'refresh' } }),

    row('loading', 'load done', {
      to: 'ready',
      told: ({ topics }) => [{ type: 'schema.loaded', topics }],
      context: (_, { output }: { output: SchemaTopics }) => ({ topics: output, failure: undefined }),
    }),
    row('loading', 'load fails', loadFailed(unexpectedFailure)),
    row('loading', 'after giveUpAfter', loadFailed(tooLong('Loading schema.json'))),

    row('refreshing', 'refresh done', {
      to: 'ready',
      told: ({ topics }) => [{ type: 'schema.loaded', topics }],
      context: (context, { output }: { output: SchemaTopics }) => ({
        topics: output,
        failure: undefined,
        retry: pursuit(context),
      }),
    }),
    row('refreshing', 'refresh fails', ...refreshFailures({ goesOn, postponed, refreshFailed })),
    row(
      'refreshing',
      'after giveUpAfter',
      { ...postponed(noAnswer), when: goesOn },
      { ...refreshFailed(noAnswer), when: not(goesOn) },
    ),

    row('waiting', 'always', ...pendingFirst()),
    row('waiting', 'after retryAfter', begins('refreshing')),
    row('ready', 'always', ...pendingFirst([{ when: both(nothingPending, hasFailedBefore), to: 'waiting' }])),
    row('faulty', 'always', ...pendingFirst([{ when: both(nothingPending, hasTopics), to: 'ready' }])),
  ],
  key: ({ topics, pending, retry }) => [
    topics?.subscribed.length,
    pending,
    retry && Math.min(retry.attempts, 2),
    // The hours that it was tried for, where nothing else has happened.
    pending === undefined &&
      topics?.subscribed.length === 1 &&
      Math.min(Math.floor((retry?.waitedMs ?? 0) / 3_600_000), 24),
  ],
});
