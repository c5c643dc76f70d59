import { failureOf } from '../../services/errors.ts';

/** Gets what a callback of the user threw or rejected with. */
export type OnFailure = (message: string) => void;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/**
 * Calls a callback of the user so that neither a throw nor a rejection gets out.
 *
 * @param name How a log entry calls it, such as `input handler`.
 * @returns A promise that always resolves while the callback is at work, `undefined` when it was done at once.
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
