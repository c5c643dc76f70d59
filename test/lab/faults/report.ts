import { textTable } from '../text-table.ts';
import type { Findings, LabReport } from '../reporter.ts';
import type { Result } from './lab.ts';

const resultsOf = (metas: Findings['metas']): Result[] => metas.flatMap(({ fault }) => fault ?? []);

const outcomeOf = ({ crashed, hung, unbounded, happened, lost }: Result): string => {
  if (crashed !== undefined) return `CRASHED: ${crashed}`;
  if (hung !== undefined) return `FAILED: ${hung}`;
  if (unbounded !== undefined) return `UNBOUNDED: ${unbounded}`;
  return lost > 0 ? `LOST ${lost}: ${happened}` : happened;
};

const howMeasured = [
  'On loopback, where units do not spread their return (mqtt.spreadMs is 0): elsewhere the first wait is longer.',
  'waiting, sending: the most messages at once. dropped: for want of room. MB: how much the process grew.',
].join('\n');

const titles = ['fault', 'seconds', 'waiting', 'sending', 'dropped', 'MB', 'what happened', 'the reference client'];

const cellsOf = (result: Result): string[] => {
  const { fault, seconds, waiting, sending, dropped, grownMb, reference } = result;
  const metrics = [waiting, sending, dropped, grownMb].map(String);
  return [fault, seconds.toFixed(2), ...metrics, outcomeOf(result), reference];
};

/** Each fault as a row of a table, and what all of them came to. */
export const faultsReport: LabReport = {
  text: ({ metas }) => `${howMeasured}\n\n${textTable([titles, ...resultsOf(metas).map(cellsOf)])}`,
  json: ({ metas }) => {
    const results = resultsOf(metas);
    return {
      rows: results.length,
      crashed: results.filter(({ crashed }) => crashed !== undefined).length,
      hung: results.filter(({ hung }) => hung !== undefined).length,
      unbounded: results.filter(({ unbounded }) => unbounded !== undefined).length,
      lost: results.reduce((sum, { lost }) => sum + lost, 0),
      dropped: results.reduce((sum, { dropped }) => sum + dropped, 0),
      mostWaiting: Math.max(...results.map(({ waiting }) => waiting)),
      mostSending: Math.max(...results.map(({ sending }) => sending)),
      mostGrownMb: Math.max(...results.map(({ grownMb }) => grownMb)),
      results,
    };
  },
};
