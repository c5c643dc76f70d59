import type { Failure } from '../../services/errors.ts';

const textOf = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;

/** Turns what an invoked actor threw into plain data, fit for events, facts and context. */
export const failureOf = (thrown: unknown): Failure => {
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'Error', code: 'unexpected', message: textOf(thrown, 'Something failed without saying why') };
  }
  const { name, code, message } = thrown as Partial<Record<keyof Failure, unknown>>;
  return {
    name: textOf(name, 'Error'),
    code: textOf(code, 'unexpected'),
    message: textOf(message, 'Something failed without saying why'),
  };
};

/** The failure of something that did not end in time. */
export const timedOut = (what: string): Failure => ({
  name: 'TimeoutError',
  code: 'timeout',
  message: `${what} took too long and was given up`,
});
