/** Calls of the app under way, which end early only when the unit stops. */
export class InFlight {
  #controller: AbortController | undefined;

  /** Returns a signal for a new call, which aborts when the unit stops. */
  signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Aborts every call under way. @param reason Cause of their errors. */
  abort(reason?: unknown): void {
    this.#controller?.abort(reason);
    this.#controller = undefined;
  }
}
