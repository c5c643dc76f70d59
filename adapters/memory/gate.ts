/** A gate that makes calls wait while it is shut. */
export interface Gate {
  /** Resolves while open, or once it opens. */
  pass(): Promise<void>;
  /** Shuts the gate. @returns Opens it again. */
  shut(): () => void;
}

/** Creates an open gate. */
export const createGate = (): Gate => {
  let opening = Promise.resolve();
  return {
    pass: () => opening,
    shut: () => {
      let open: (() => void) | undefined;
      opening = new Promise((resolve) => {
        open = resolve;
      });
      return () => open?.();
    },
  };
};
