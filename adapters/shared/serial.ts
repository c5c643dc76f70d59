/** Runs one task after the other, in the order they came; a failure concerns its own caller alone. */
export const serial = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const done = last.then(task, task);
    last = done;
    return done;
  };
};
