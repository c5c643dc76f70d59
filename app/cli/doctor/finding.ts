import { failureOf } from '../../../services/errors.ts';

/** Result of a check. A `warning` does not stop the unit; a check that needs another one first is `skipped`. */
export type Result = 'ok' | 'warning' | 'failed' | 'skipped';

/** Result of one check, with details. */
export interface Finding {
  readonly check: string;
  readonly result: Result;
  /** What was found; for a warning or a failure also the remedy. */
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

/** Runs a check; an error that it throws makes it `failed`. */
export const attempt = async (check: string, run: () => Promise<Finding>): Promise<Finding> => {
  try {
    return await run();
  } catch (thrown) {
    return failed(check, failureOf(thrown).message);
  }
};
