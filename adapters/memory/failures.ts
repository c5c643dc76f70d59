/** Errors that a fake is to fail with, each once, in the order they were given. */
export interface Failures<TOperation extends string> {
  /** The next call of this operation fails with this error. */
  add(operation: TOperation, error: Error): void;
  /** Throws the error that waits for this operation, if one does. */
  check(operation: TOperation): void;
}

/** Makes an empty plan of failures. */
export const createFailures = <TOperation extends string>(): Failures<TOperation> => {
  const waiting: { operation: TOperation; error: Error }[] = [];
  return {
    add: (operation, error) => void waiting.push({ operation, error }),
    check: (operation) => {
      const at = waiting.findIndex((failure) => failure.operation === operation);
      const failure = at < 0 ? undefined : waiting.splice(at, 1)[0];
      if (failure) throw failure.error;
    },
  };
};
