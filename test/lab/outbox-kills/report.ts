import type { LabReport } from '../reporter.ts';
import type { Outcome } from './lab.ts';

/** What became of the messages. */
export const outboxKillsReport: LabReport = {
  json: ({ metas }): Outcome | { lost: null } => metas.flatMap(({ outcome }) => outcome ?? [])[0] ?? { lost: null },
};
