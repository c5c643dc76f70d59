import { failureOf } from '../../services/errors.ts';

/** Receives a message about a failed callback of the user. */
export type OnFailure = (message: string) => void;

/** Whether a callback has returned something to wait for. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/**
 * Calls a callback of the user, and reports its error or rejection instead of throwing.
 *
 * @param name Name of the callback in the log, such as `input handler`.
 * @returns A promise that resolves when an asynchronous callback ends; `undefined` for a synchronous one. Never rejects.
 */
export const callGuarded = <TArgs extends unknown[]>(
  name: string,
  callback: (...args: TArgs) => unknown,
  args: TArgs,
  onFailure: OnFailure,
): Promise<void> | undefined => {
  const fail = (thrown: unknown) => onFailure(`The ${name} failed: ${failureOf(thrown).message}`);
  try {
    const result = callback(...args);
    if (!isThenable(result)) return undefined;
    return Promise.resolve(result).then(() => undefined, fail);
  } catch (thrown) {
    fail(thrown);
    return undefined;
  }
};
