/** Calls of the app that nothing but the unit's end cuts short. */
export interface InFlight {
  /** Aborts when the unit stops; asked for anew by each call. */
  signal(): AbortSignal;
  /** Gives up every call that is under way. */
  giveUp(): void;
}

export const createInFlight = (): InFlight => {
  let abort = new AbortController();
  return {
    signal: () => abort.signal,
    giveUp: () => {
      abort.abort();
      abort = new AbortController();
    },
  };
};
