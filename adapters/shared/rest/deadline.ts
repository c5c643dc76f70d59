import { RestError } from '../../../services/errors.ts';

/** One request's limits in time, and what went wrong with it. */
export interface Deadline {
  /** Aborts the request. */
  readonly signal: AbortSignal;
  /** Begins a new span of `timeoutMs`. */
  restart(): void;
  /** Stops the watch while it is the caller's turn. */
  pause(): void;
  /** Lets go of the timer and of the caller's signal. */
  end(): void;
  /** What a failure of the request means. @param otherwise The error when it was neither late nor given up. */
  explain(cause: unknown, otherwise: () => RestError): RestError;
}

/**
 * Watches one request.
 *
 * @param what Names the request in messages.
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
