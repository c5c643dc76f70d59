import type { Findings, LabReport } from '../reporter.ts';
import type { Simulated } from './reconnects.lab.ts';

const secondsPerLine = 30;

/** Attempts in each second, half a minute a line. */
const distribution = (perSecond: readonly number[]): string =>
  Array.from({ length: Math.ceil(perSecond.length / secondsPerLine) }, (_, line) => {
    const seconds = perSecond.slice(line * secondsPerLine, (line + 1) * secondsPerLine);
    return `${String(line * secondsPerLine).padStart(5)} s ${seconds.map((come) => String(come).padStart(4)).join('')}`;
  }).join('\n');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const paragraph = (fleet: Simulated): string => {
  const { name, units, most, mostLater, crowded, halfBack, allBack, perSecond } = fleet;
  const rate = `at most ${most} connects a second, ${mostLater} after the first that the broker is there`;
  const times = `half online after ${halfBack.toFixed(1)} s, all after ${allBack.toFixed(1)} s`;
  return `\n${units} units, ${name}: ${rate}; ${crowded} s over the limit; ${times}\n${distribution(perSecond)}`;
};

const fleetsOf = (metas: Findings['metas']): Simulated[] => metas.flatMap(({ fleet }) => fleet ?? []);

/** How each simulated fleet came back, second by second. */
export const reconnectsReport: LabReport = {
  text: ({ metas }) => fleetsOf(metas).map(paragraph).join('\n'),
  json: ({ metas, failed }) => {
    const all = fleetsOf(metas);
    const scenarios = all.map(({ perSecond, ...rest }) => ({ ...rest, connects: sum(perSecond) }));
    const spread = all.filter(({ spreadMs }) => spreadMs > 0);
    const most = Math.max(...spread.filter(({ begins }) => begins === 'loss').map((one) => one.most));
    const atOnce = spread.filter(({ begins, downMs }) => begins === 'start' && downMs === 0);
    const mostAfterStart = Math.max(...atOnce.map((one) => one.mostLater));
    return { most, mostAfterStart, failed, scenarios };
  },
};
