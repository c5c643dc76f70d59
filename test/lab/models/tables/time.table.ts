import { timeMachine } from '../../../../machines/time.ts';
import type { Failure } from '../../../../services/errors.ts';
import { doubling } from './delays.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure, type Consequence, type ContextOf } from './table.ts';

type Context = ContextOf<typeof timeMachine>;

const row = rowsOf<typeof timeMachine>();

const hasNetwork = (context: Context) => context.hasNetwork;
const reading = { to: 'seeking.syncing' };
const moved = { to: 'doubtful', context: ({ moves }: Context) => ({ moves: moves + 1 }) };
const noAnswer = tooLong('Reading the reference clock');

const failed = (failure: Failure): Consequence<Context> => ({
  to: 'seeking.waiting',
  told: [{ type: 'time.failed', failure }],
  context: ({ attempts }) => ({ failure, attempts: attempts + 1 }),
});

/** What is told when it is still not known what time it is. */
const unsynced = (minutes: number): Consequence<Context> => ({
  told: ({ failure = noAnswer }) => [{ type: 'time.unsynced', failure, minutes }],
});

export const timeTable = defineTable(timeMachine, {
  input: { resyncMs: 3_000_000_000 },
  states: {
    stale: {},
    seeking: { after: { tellFirstAfter: 60_000, tellNextAfter: 600_000, tellLastAfter: 3_600_000 } },
    'seeking.syncing': { tags: ['busy'], runs: { readOffset: undefined }, after: { syncWithin: 15_000 } },
    'seeking.waiting': { tags: ['faulty'], after: { retryAfter: ({ attempts }) => doubling(attempts, 1_000, 60_000) } },
    // As long as a timer can be.
    synced: {
      tags: ['ready'],
      runs: { watchClock: () => ({ owner: { id: 'time' } }) },
      after: { resyncAfter: 2_147_483_647 },
    },
    doubtful: { tags: ['faulty'], after: { rereadAfter: ({ moves }) => doubling(moves, 1_000, 60_000) } },
  },
  start: {
    states: ['stale'],
    context: { resyncMs: 3_000_000_000, hasNetwork: false, attempts: 0, moves: 0 },
  },
  events: [{ type: 'network.up' }, { type: 'network.down' }, { type: 'time.sync' }],
  outputs: { readOffset: [0, -1500.5] },
  says: { watchClock: [{ type: 'clock.moved' }] },
  rows: [
    row('stale', 'network.up', { ...reading, context: { hasNetwork: true } }),
    row('any', 'network.up', { context: { hasNetwork: true } }),
    row('any', 'network.down', { to: 'stale', context: { hasNetwork: false } }),
    row('stale seeking.waiting synced doubtful', 'time.sync', reading),

    row('seeking.syncing', 'readOffset done', {
      to: 'synced',
      told: ({ offsetMs }) => [{ type: 'time.synced', offsetMs }],
      context: (_, { output }: { output: number }) => ({ offsetMs: output, attempts: 0, failure: undefined }),
    }),
    row('seeking.syncing', 'readOffset fails', failed(unexpectedFailure)),
    row('seeking.syncing', 'after syncWithin', failed(noAnswer)),
    row('seeking.waiting', 'always', { when: not(hasNetwork), to: 'stale' }),
    row('seeking.waiting', 'after retryAfter', reading),
    row('seeking', 'after tellFirstAfter', unsynced(1)),
    row('seeking', 'after tellNextAfter', unsynced(10)),
    row('seeking', 'after tellLastAfter', unsynced(60)),

    row('synced', 'clock.moved', moved),
    row('synced', 'watchClock fails', moved),
    row('synced', 'after resyncAfter', { ...reading, context: { moves: 0 } }),
    row('doubtful', 'after rereadAfter', reading),
  ],
  key: (context) => [
    hasNetwork(context),
    Math.min(context.attempts, 2),
    Math.min(context.moves, 2),
    context.failure?.message,
  ],
});
