import { failureOf } from '../../../services/errors.ts';

/** How one check went. A `warning` needs a look and does not stop the unit; what needs another check first is `skipped`. */
export type Result = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly result: Result;
  /** What is so; for a warning or a failure also what to do. */
  readonly detail: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, result: 'ok', detail });
export const warning = (check: string, detail: string): Finding => ({ check, result: 'warning', detail });
export const failed = (check: string, detail: string): Finding => ({ check, result: 'failed', detail });
export const skipped = (check: string, needed: string): Finding => ({
  check,
  result: 'skipped',
  detail: `needs ${needed} first`,
});

/** Runs a check; what it throws is its failure. */
export const attempt = async (check: string, run: () => Promise<Finding>): Promise<Finding> => {
  try {
    return await run();
  } catch (thrown) {
    return failed(check, failureOf(thrown).message);
  }
};
