/** Runs one job after the other, in the order they came; a failure concerns its own caller alone. */
export const serial = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(job: () => Promise<T>): Promise<T> => {
    const done = last.then(job, job);
    last = done;
    return done;
  };
};

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
