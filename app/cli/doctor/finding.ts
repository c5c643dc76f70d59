import { failureOf } from '../../../services/errors.ts';

/** Result of a check. A `warning` does not stop the unit; a check that can't be made is `skipped`. */
export type Result = 'ok' | 'warning' | 'failed' | 'skipped';

/** Result of one check, with details. */
export interface Finding {
  readonly check: string;
  readonly result: Result;
  /** What was found, or what is wrong. */
  readonly detail: string;
  /** What to do about it; `null` where nothing has to be done. */
  readonly remedy: string | null;
}

/** What a check finds, and the value that the checks take from it that need it. */
export type Outcome<T> =
  | { readonly result: 'ok'; readonly detail: string; readonly value: T }
  | { readonly result: 'warning'; readonly detail: string; readonly remedy: string; readonly value: T }
  | { readonly result: 'failed'; readonly detail: string; readonly remedy: string }
  | { readonly result: 'skipped'; readonly detail: string };

export const ok = <T>(detail: string, value: T): Outcome<T> => ({ result: 'ok', detail, value });
export const warning = <T>(detail: string, remedy: string, value: T): Outcome<T> => ({
  result: 'warning',
  detail,
  remedy,
  value,
});
export const failed = (detail: string, remedy: string): Outcome<never> => ({ result: 'failed', detail, remedy });
export const skipped = (detail: string): Outcome<never> => ({ result: 'skipped', detail });

/** Splits a message into what is wrong, its first sentence, and what to do, the rest. */
export const splitMessage = (message: string): { readonly detail: string; readonly remedy: string } => {
  const [, detail = message, remedy = ''] = /^(.+?\.)\s+(\p{Lu}.*)$/su.exec(message) ?? [];
  return { detail, remedy };
};

/** The outcome of a check that throws. */
export const failedBy = (thrown: unknown): Outcome<never> => {
  const { detail, remedy } = splitMessage(failureOf(thrown).message);
  return failed(detail, remedy);
};
