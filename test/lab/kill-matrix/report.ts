import type { LabReport } from '../reporter.ts';
import { sum, type Tally } from './tally.ts';

const described = ({ runs, old, new: young, mixed, bricked }: Tally): string =>
  `${String(runs).padStart(6)} runs: ${old} old, ${young} new, ${mixed} mixed, ${bricked} bricked`;

/** What became of the units of each part of the matrix, and of all of them. */
export const killMatrixReport: LabReport = {
  line: (test) => {
    const { tally } = test.meta();
    return `${tally ? described(tally) : test.result().state.padStart(6)}  ${test.fullName}`;
  },
  json: ({ metas }) => sum(metas.flatMap(({ tally }) => tally ?? [])),
};
