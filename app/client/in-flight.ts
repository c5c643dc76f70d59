/** Calls of the app under way, which end early only when the unit stops. */
export interface InFlight {
  /** Returns a signal for a new call, which aborts when the unit stops. */
  signal(): AbortSignal;
  /** Aborts every call under way. @param reason Cause of their errors. */
  abort(reason?: unknown): void;
}

export const createInFlight = (): InFlight => {
  let controller: AbortController | undefined;
  return {
    signal: () => (controller ??= new AbortController()).signal,
    abort: (reason) => {
      controller?.abort(reason);
      controller = undefined;
    },
  };
};
