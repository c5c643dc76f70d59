import { schemaMachine } from '../../../../machines/schema.ts';
import { RestError, type Failure } from '../../../../services/errors.ts';
import type { SchemaTopics } from '../../../../services/schema.ts';
import { refusedFirstMs, triedAgain } from './delays.ts';
import {
  defineTable,
  not,
  rowsOf,
  tooLong,
  unexpected,
  unexpectedFailure,
  type Consequence,
  type ContextOf,
} from './table.ts';

type Context = ContextOf<typeof schemaMachine>;
type Failed = { error: unknown };

const row = rowsOf<typeof schemaMachine>();

const network = new RestError('network', 'No connection.');
const networkFailure = { name: 'RestError', code: 'network', message: 'No connection.' };
const busy = new RestError('status', 'Come back.', { status: 503, retryAfterMs: 30_000_000 });
const busyFailure = { name: 'RestError', code: 'status', message: 'Come back.', status: 503, retryAfterMs: 30_000_000 };
const denied = new RestError('status', 'No right.', { status: 403 });
const deniedFailure = { name: 'RestError', code: 'status', message: 'No right.', status: 403 };
const noAnswer = tooLong('Refreshing schema.json');

const fails =
  (error: Error) =>
  (_: Context, event: Failed): boolean =>
    event.error === error;
const both =
  <TEvent>(one: (context: Context, event: TEvent) => boolean, other: (context: Context) => boolean) =>
  (context: Context, event: TEvent): boolean =>
    one(context, event) && other(context);

const isPending =
  (what: string) =>
  ({ pending }: Context): boolean =>
    pending === what;
const nothingPending = ({ pending }: Context) => pending === undefined;
const hasTopics = ({ topics }: Context) => topics !== undefined;
const isPursued = ({ retry }: Context) => retry !== undefined;
const hasFailedBefore = ({ retry }: Context) => retry !== undefined && retry.attempts > 0;
/** A command stands, and was not tried for a whole day. */
const goesOn = (context: Context) =>
  hasTopics(context) && isPursued(context) && (context.retry?.waitedMs ?? 0) < 24 * 3_600_000;

const begins = (what: 'loading' | 'refreshing') => ({ to: what, context: { pending: undefined } });
const pursued = { attempts: 0, waitedMs: 0, askedMs: 0, windowMs: 0 };
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
const postponed = (failure: Failure, wait: { askedMs?: number; firstMs?: number } = {}): Consequence<Context> => ({
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
    waiting: {
      tags: ['ready'],
      after: {
        retryAfter: ({ retry = pursued }) => Math.max(1_000, retry.askedMs + retry.windowMs / 2),
      },
    },
    ready: { tags: ['ready'] },
    faulty: { tags: ['faulty'] },
  },
  start: { states: ['idle'], context: {}, told: [{ type: 'schema.ready' }] },
  events: [{ type: 'schema.load' }, { type: 'schema.refresh' }, { type: 'schema.pursue' }],
  outputs: {
    load: [{ subscribed: ['a'], reportsState: true }],
    refresh: [{ subscribed: ['a', 'b'], reportsState: true }],
  },
  errors: { refresh: [unexpected, network, busy, denied] },
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
    row(
      'refreshing',
      'refresh fails',
      { ...refreshFailed(unexpectedFailure), when: fails(unexpected) },
      { ...postponed(networkFailure), when: both(fails(network), goesOn) },
      { ...refreshFailed(networkFailure), when: both(fails(network), not(goesOn)) },
      // No longer than an hour, however long it asks for.
      { ...postponed(busyFailure, { askedMs: 3_600_000 }), when: both(fails(busy), goesOn) },
      { ...refreshFailed(busyFailure), when: both(fails(busy), not(goesOn)) },
      { ...postponed(deniedFailure, { firstMs: refusedFirstMs }), when: both(fails(denied), goesOn) },
      { ...refreshFailed(deniedFailure), when: both(fails(denied), not(goesOn)) },
    ),
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
