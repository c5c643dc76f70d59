import { textTable } from '../text-table.ts';
import type { Findings, LabReport } from '../reporter.ts';
import type { Soaked } from './soak.ts';

const soakedOf = (metas: Findings['metas']): Soaked | undefined => metas.flatMap(({ soaked }) => soaked ?? [])[0];

/** Each figure of the soak. */
export const soakReport: LabReport = {
  text: ({ metas }) => {
    const metrics = Object.entries(soakedOf(metas) ?? {}).map(([name, value]) => [name, String(value)]);
    return textTable([['figure', 'value'], ...metrics]);
  },
  json: ({ metas }) => soakedOf(metas) ?? { failed: true },
};
