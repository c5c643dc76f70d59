import type { Failure } from '../../services/errors.ts';

/** The failure of a step that exceeded its time limit. */
export const timedOut = (what: string): Failure => ({
  name: 'TimeoutError',
  code: 'timeout',
  message: `${what} took too long and was given up`,
});
