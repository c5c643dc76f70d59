import { defineConfig } from 'vitest/config';
import { differentialReport } from './differential/report.ts';
import { installed } from '../support/installed.ts';
import { faultsReport } from './faults/report.ts';
import { hostileReport } from './hostile/report.ts';
import { killMatrixReport } from './kill-matrix/report.ts';
import { modelsReport } from './models/report.ts';
import { outboxKillsReport } from './outbox-kills/report.ts';
import { reconnectsReport } from './reconnects/report.ts';
import { labReporter, type LabReport } from './reporter.ts';
import { soakReport } from './soak/report.ts';

const reports: Readonly<Record<string, LabReport>> = {
  differential: differentialReport,
  faults: faultsReport,
  hostile: hostileReport,
  'kill-matrix': killMatrixReport,
  models: modelsReport,
  'outbox-kills': outboxKillsReport,
  reconnects: reconnectsReport,
  soak: soakReport,
};

const lab = process.env['LAB'] ?? '';
const report = reports[lab];
if (!report) throw new Error(`No lab "${lab}": start one with test/lab/run.mjs`);

/** The runs that `run.mjs` starts, one at a time. */
export default defineConfig({
  ssr: installed,
  test: {
    root: '.',
    include: ['test/lab/**/*.{lab,test}.ts'],
    // Only what hangs fails by these.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxConcurrency: 10,
    reporters: [labReporter(report)],
  },
});
