import { resetMachine } from '../../../../machines/reset.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure, type ContextOf } from './table.ts';

type Context = ContextOf<typeof resetMachine>;

const row = rowsOf<typeof resetMachine>();

const isDue = (context: Context) => context.isDue;
const wasReset = (_: Context, { output }: { output: boolean }) => output;
const hasSkipped = ({ skipped }: Context) => skipped > 0;
const began = { to: 'restarting', told: [{ type: 'reset.began' }] };

export const resetTable = defineTable(resetMachine, {
  input: { mode: 'restart_exec' },
  states: {
    idle: {},
    recalling: { tags: ['busy'], runs: { recall: undefined }, after: { recallWithin: 10_000 } },
    ready: { tags: ['ready'] },
    restarting: { tags: ['busy'], runs: { restart: ({ mode }) => ({ mode }) }, after: { restartWithin: 120_000 } },
    resting: { tags: ['ready'], after: { restAfter: 60_000 } },
  },
  start: {
    states: ['idle'],
    context: { mode: 'restart_exec', isDue: false, skipped: 0 },
  },
  events: [{ type: 'reset.recall' }, { type: 'reset.restart' }],
  outputs: { recall: [true, false] },
  rows: [
    row('idle', 'reset.recall', { to: 'recalling' }),
    row('idle', 'reset.restart', { to: 'recalling', context: { isDue: true } }),

    row('recalling', 'reset.restart', { context: { isDue: true } }),
    row(
      'recalling',
      'recall done',
      { when: wasReset, to: 'resting', context: { isDue: false } },
      { when: not(wasReset), to: 'ready' },
    ),
    row('recalling', 'recall fails', { to: 'ready' }),
    row('recalling', 'after recallWithin', { to: 'ready' }),

    row('ready', 'always', { ...began, when: isDue, context: { isDue: false } }),
    row('ready', 'reset.restart', began),

    row('restarting', 'restart done', { to: 'resting' }),
    row('restarting', 'restart fails', { to: 'resting', told: [{ type: 'reset.failed', failure: unexpectedFailure }] }),
    row('restarting', 'after restartWithin', {
      to: 'resting',
      told: [{ type: 'reset.failed', failure: tooLong('Restarting the program') }],
    }),

    row('resting', 'reset.restart', { context: ({ skipped }) => ({ skipped: skipped + 1 }) }),
    row(
      'resting',
      'after restAfter',
      { when: not(hasSkipped), to: 'ready' },
      {
        when: hasSkipped,
        to: 'ready',
        told: (_, __, { skipped }) => [{ type: 'reset.skipped', requests: skipped }],
        context: { skipped: 0 },
      },
    ),
  ],
  key: (context) => [isDue(context), Math.min(context.skipped, 2)],
});
