import { textTable } from '../text-table.ts';
import type { Findings, LabReport } from '../reporter.ts';
import type { Coverage } from './coverage.ts';

const share = (missed: readonly string[], all: number): string => `${all - missed.length}/${all}`;

const columns: readonly [title: string, cell: (coverage: Coverage) => string | number][] = [
  ['machine', ({ machine }) => machine],
  ['states', ({ missedStates, states }) => share(missedStates, states)],
  ['transitions', ({ missedTransitions, transitions }) => share(missedTransitions, transitions)],
  ['situations', ({ situations }) => situations],
  ['edges', ({ edges }) => edges],
  ['paths', ({ paths }) => paths],
  ['steps', ({ steps }) => steps],
];

/** What others read: counts, and coverage as a share from 0 to 1. */
const summary = ({ missedStates, missedTransitions, states, transitions, ...rest }: Coverage) => ({
  ...rest,
  states,
  transitions,
  stateCoverage: 1 - missedStates.length / states,
  transitionCoverage: 1 - missedTransitions.length / transitions,
  missed: [...missedStates, ...missedTransitions],
});

const coveragesOf = (metas: Findings['metas']): Coverage[] => metas.flatMap(({ coverage }) => coverage ?? []);

const randomOf = ({ metas, failed }: Findings) => ({
  ...metas.find(({ random }) => random)?.random,
  violations: failed.length,
});

/** What was walked of each machine, and at random of the root. */
export const modelsReport: LabReport = {
  text: ({ metas }) =>
    textTable([
      columns.map(([title]) => title),
      ...coveragesOf(metas).map((coverage) => columns.map(([, cell]) => String(cell(coverage)))),
    ]),
  json: (findings) => ({ machines: coveragesOf(findings.metas).map(summary), random: randomOf(findings) }),
};
