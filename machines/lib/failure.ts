import type { Failure } from '../../services/errors.ts';

const textOf = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;

type Thrown = Partial<Record<keyof Failure, unknown>>;

/** What can be read of an error; nothing of one that fails again when it is looked at. */
const readable = (thrown: object): Thrown => {
  try {
    const { name, code, message } = thrown as Thrown;
    return { name, code, message };
  } catch {
    return {};
  }
};

/** Turns what an invoked actor threw into plain data, fit for events, facts and context. Never throws. */
export const failureOf = (thrown: unknown): Failure => {
  const { name, code, message } =
    typeof thrown === 'object' && thrown !== null ? readable(thrown) : { message: thrown };
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
