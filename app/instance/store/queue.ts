import { serial } from '../../../adapters/shared/serialize.ts';

/**
 * Joins calls that come while a run is under way into one run after it.
 *
 * @returns A function that resolves when a run that began after the call has ended.
 */
export const coalesced = (run: () => Promise<void>): (() => Promise<void>) => {
  const inOrder = serial();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= inOrder(() => {
      waiting = undefined;
      return run();
    });
    return waiting;
  };
};
