import type { LabReport } from '../reporter.ts';
import type { Comparison } from './compare.ts';

/** How many streams were compared, and the first of those that differ. */
export const differentialReport: LabReport = {
  json: ({ metas }): Comparison | { streams: 0 } =>
    metas.flatMap(({ comparison }) => comparison ?? [])[0] ?? { streams: 0 },
};
