import { stateReporterMachine } from '../../../../machines/state-reporter.ts';
import type { Failure } from '../../../../services/errors.ts';
import { doubling } from './delays.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure, type Consequence, type ContextOf } from './table.ts';

type Context = ContextOf<typeof stateReporterMachine>;

const row = rowsOf<typeof stateReporterMachine>();

const canReport = ({ isOnline, isHeld }: Context) => isOnline && !isHeld;
const hasOtherVersion = ({ commitVersion, measuredVersion }: Context) => commitVersion !== measuredVersion;
const isOtherInterval = ({ intervalMs }: Context, event: { intervalMs: number }) => event.intervalMs !== intervalMs;
const configured = (_: Context, { commitVersion, intervalMs }: { commitVersion: string; intervalMs: number }) => ({
  commitVersion,
  intervalMs,
});

const failed = (failure: Failure): Consequence<Context> => ({
  to: 'retrying',
  told: [{ type: 'reporter.failed', failure }],
  context: ({ attempts }) => ({ failure, attempts: attempts + 1 }),
});

export const stateReporterTable = defineTable(stateReporterMachine, {
  states: {
    unconfigured: {},
    due: {},
    collecting: {
      tags: ['busy'],
      runs: { collect: ({ commitVersion }) => ({ commitVersion }) },
      after: { collectWithin: 10_000 },
    },
    publishing: {
      tags: ['busy'],
      runs: { publish: ({ measured }) => ({ report: measured }) },
      after: { publishWithin: 30_000 },
    },
    resting: {
      tags: ['ready'],
      // A second later than the instance wants it, and as long as a timer can be.
      after: { reportEvery: ({ intervalMs }) => (intervalMs === 60_000 ? 61_000 : 2_147_483_647) },
    },
    retrying: { tags: ['faulty'], after: { retryAfter: ({ attempts }) => doubling(attempts, 1_000, 60_000) } },
  },
  start: {
    states: ['unconfigured'],
    context: {
      commitVersion: '',
      intervalMs: 300_000,
      isOnline: false,
      isHeld: false,
      measured: { millis: 0, pu_commit_version: '' },
      measuredVersion: '',
      attempts: 0,
    },
  },
  events: [
    { type: 'broker.up' },
    { type: 'broker.down' },
    { type: 'reporter.configure', commitVersion: 'one', intervalMs: 60_000 },
    { type: 'reporter.configure', commitVersion: 'two', intervalMs: 60_000 },
    { type: 'reporter.configure', commitVersion: 'two', intervalMs: 3_000_000_000 },
    { type: 'reporter.report' },
    { type: 'reporter.hold' },
    { type: 'reporter.resume' },
  ],
  outputs: { collect: [{ millis: 1, pu_commit_version: 'one' }] },
  rows: [
    row('any', 'broker.up', { context: { isOnline: true } }),
    row('any', 'broker.down', { context: { isOnline: false } }),
    row('any', 'reporter.hold', { context: { isHeld: true } }),
    row('any', 'reporter.resume', { context: { isHeld: false } }),
    row('due publishing retrying', 'reporter.configure', { context: configured }),

    row('unconfigured', 'reporter.configure', { to: 'due', context: configured }),
    row('due', 'always', { when: canReport, to: 'collecting' }),

    row('collecting', 'reporter.hold', { to: 'due', context: { isHeld: true } }),
    row('collecting', 'reporter.configure', { to: 'due', context: configured }),
    row('collecting', 'collect done', {
      to: 'publishing',
      context: ({ commitVersion }, { output }: { output: Context['measured'] }) => ({
        measured: output,
        measuredVersion: commitVersion,
      }),
    }),
    row('collecting', 'collect fails', failed(unexpectedFailure)),
    row('collecting', 'after collectWithin', failed(tooLong('Measuring the host'))),

    row('publishing', 'publish done', {
      to: 'resting',
      told: [{ type: 'reporter.sent' }],
      context: { attempts: 0, failure: undefined },
    }),
    row('publishing', 'publish fails', failed(unexpectedFailure)),
    row('publishing', 'after publishWithin', failed(tooLong('Sending the state report'))),

    row('resting', 'always', { when: hasOtherVersion, to: 'due' }),
    row(
      'resting',
      'reporter.configure',
      { when: isOtherInterval, to: 'resting', context: configured },
      { when: not(isOtherInterval), context: configured },
    ),
    row('resting', 'after reportEvery', { to: 'due' }),

    row('retrying', 'reporter.report', { to: 'due' }),
    row('retrying', 'after retryAfter', { to: 'due' }),
  ],
  key: ({ commitVersion, intervalMs, measuredVersion, isOnline, isHeld, attempts }) => [
    commitVersion,
    intervalMs,
    measuredVersion,
    isOnline,
    isHeld,
    Math.min(attempts, 2),
  ],
});
