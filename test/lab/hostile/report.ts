import type { Findings, LabReport } from '../reporter.ts';
import type { Verdict } from './judge.ts';

const verdictsOf = (metas: Findings['metas']): Verdict[] => metas.flatMap(({ verdict }) => verdict ?? []);

const line = ({ name, refusal, escaped }: Verdict): string => {
  const outcome = refusal === undefined ? 'TAKEN' : `${refusal.code}: ${refusal.message}`;
  return `${name}\n    ${escaped ? 'ESCAPED, ' : ''}${outcome}`;
};

/** Why each archive was refused, and how many were. */
export const hostileReport: LabReport = {
  text: ({ metas }) => verdictsOf(metas).map(line).join('\n'),
  json: ({ metas }) => {
    const verdicts = verdictsOf(metas);
    return {
      archives: verdicts.length,
      refused: verdicts.filter(({ refusal }) => refusal !== undefined).length,
      escaped: verdicts.filter(({ escaped }) => escaped).length,
      peakRssMb: Math.max(...metas.map(({ peakRssMb }) => peakRssMb ?? 0)),
    };
  },
};
