/** Something that calls wait at while it is shut. */
export interface Gate {
  /** Resolves while open, or as soon as it opens. */
  pass(): Promise<void>;
  /** Shuts it. @returns Opens it again. */
  shut(): () => void;
}

/** Makes an open gate. */
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
