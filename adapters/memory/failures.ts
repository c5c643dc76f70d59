/** Errors that a fake throws, each once, in the order they were added. */
export interface Failures<TOperation extends string> {
  /** Fails the next call of this operation with this error. */
  add(operation: TOperation, error: Error): void;
  /** Throws the next error of this operation, if any. */
  check(operation: TOperation): void;
}

/** Creates an empty list of failures. */
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
