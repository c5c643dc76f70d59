import type { Clock } from '../../../services/clock.ts';
import { ClientError } from '../../../services/errors.ts';
import type { WaitOptions } from '../options/options.ts';

/**
 * Waits until the unit is online, within a limit.
 *
 * @param wait Waits without a limit, until its signal aborts.
 * @throws {ClientError} `timeout`, `aborted`
 */
export const waitWithin = async <T>(
  clock: Clock,
  { timeoutMs, signal }: WaitOptions,
  wait: (ended: AbortSignal) => Promise<T>,
): Promise<T> => {
  const end = new AbortController();
  const abort = () =>
    end.abort(
      new ClientError('aborted', 'The wait for the unit was aborted. The unit goes on.', { cause: signal?.reason }),
    );
  if (signal?.aborted) abort();
  end.signal.throwIfAborted();
  signal?.addEventListener('abort', abort);
  const timer =
    timeoutMs === undefined
      ? undefined
      : clock.setTimeout(() => {
          const text = `The unit was not online within ${timeoutMs} ms. It goes on trying; its log says what is in the way.`;
          end.abort(new ClientError('timeout', text));
        }, timeoutMs);
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(end.signal.reason));
  });
  try {
    return await Promise.race([wait(end.signal), ended]);
  } finally {
    signal?.removeEventListener('abort', abort);
    clock.clearTimeout(timer);
  }
};
