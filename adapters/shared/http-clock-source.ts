import ky from 'ky';
import type { Clock, ClockSource } from '../../services/clock.ts';
import { ClockError } from '../../services/errors.ts';
import { systemClock } from './clock.ts';

/** Options of the HTTP clock source. */
export interface HttpClockOptions {
  /** URL to ask: of the page's own origin, or of a server that exposes `Date` to it. */
  readonly url: string;
  /** Milliseconds. @defaultValue 5000 */
  readonly timeoutMs?: number;
  /** Clock for round trip and timeout. @defaultValue the host's */
  readonly clock?: Clock;
}

/** The header counts whole seconds; on average half a second has passed. */
const halfSecondMs = 500;

const dateOf = (url: string, headers: Headers): number => {
  const dateMs = Date.parse(headers.get('date') ?? '');
  const ageMs = Number(headers.get('age') ?? 0) * 1000;
  if (Number.isFinite(dateMs + ageMs)) return dateMs + ageMs + halfSecondMs;
  throw new ClockError('malformed', `${url} answers without a readable Date header. Have the server expose it.`);
};

/**
 * Reads the time from the `Date` header of an HTTP HEAD (RFC 9110 section 6.6.1), accurate to about a second; for hosts
 * without SNTP. Any status will do.
 *
 * @throws {ClockError} `timeout`, `network`, `malformed`, `aborted`
 */
export const httpClockSource = ({ url, timeoutMs = 5000, clock = systemClock() }: HttpClockOptions): ClockSource => ({
  readOffset: async (signal) => {
    const timeUp = new AbortController();
    const timer = clock.setTimeout(() => timeUp.abort(), timeoutMs);
    try {
      const asked = clock.monotonic();
      const { headers } = await ky.head(url, {
        signal: AbortSignal.any([signal, timeUp.signal]),
        cache: 'no-store',
        retry: 0,
        timeout: false,
        throwHttpErrors: false,
      });
      return dateOf(url, headers) - (asked + clock.monotonic()) / 2;
    } catch (cause) {
      if (cause instanceof ClockError) throw cause;
      if (signal.aborted) throw new ClockError('aborted', `Asking ${url} for the time was stopped.`, { cause });
      if (timeUp.signal.aborted) {
        throw new ClockError('timeout', `${url} gave no answer in ${timeoutMs} ms. Check the network.`, { cause });
      }
      throw new ClockError('network', `${url} can't be reached. Check its address and the network.`, { cause });
    } finally {
      clock.clearTimeout(timer);
    }
  },
});
