import { RestError } from '../../../services/errors.ts';

/** Time limit and abort signal of one request, and the resulting error. */
export interface Deadline {
  /** Aborts the request. */
  readonly signal: AbortSignal;
  /** Starts a new span of `timeoutMs`. */
  restart(): void;
  /** Stops the timer while the caller works. */
  pause(): void;
  /** Releases the timer and the caller's signal. */
  end(): void;
  /**
   * Turns a failure of the request into the error to throw.
   *
   * @param otherwise The error if it was neither late nor aborted.
   */
  explain(cause: unknown, otherwise: () => RestError): RestError;
}

/**
 * Creates the deadline of one request.
 *
 * @param what Name of the request in messages.
 * @param caller The caller's own signal.
 */
export const createDeadline = (what: string, timeoutMs: number, caller: AbortSignal | undefined): Deadline => {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false;
  const giveUp = () => abort.abort(caller?.reason);
  const expire = () => {
    isLate = true;
    abort.abort();
  };
  const pause = () => clearTimeout(timer);
  const restart = () => {
    pause();
    timer = setTimeout(expire, timeoutMs);
  };
  if (caller?.aborted) giveUp();
  caller?.addEventListener('abort', giveUp, { once: true });
  restart();
  return {
    signal: abort.signal,
    restart,
    pause,
    end: () => {
      pause();
      caller?.removeEventListener('abort', giveUp);
    },
    explain: (cause, otherwise) => {
      if (cause instanceof RestError) return cause;
      if (isLate) {
        return new RestError('timeout', `${what}: no answer within ${timeoutMs} ms. Try again later.`, { cause });
      }
      if (caller?.aborted) return new RestError('aborted', `${what}: given up.`, { cause });
      return otherwise();
    },
  };
};
