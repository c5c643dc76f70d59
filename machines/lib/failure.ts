import type { Failure } from '../../services/errors.ts';

/** The failure of something that did not end in time. */
export const timedOut = (what: string): Failure => ({
  name: 'TimeoutError',
  code: 'timeout',
  message: `${what} took too long and was given up`,
});
