import type { TestWorld } from '../../../../app/testing/world.ts';
import type { Broker, LinkListener } from '../../../../services/broker.ts';

/** What does more than it should: a broker that says things twice, and callbacks that throw. */
export interface Rude {
  readonly broker: Broker;
  /** Whether messages and ends of links come twice. */
  isTwice: boolean;
  /** Whether the user's callbacks throw. */
  isThrowing: boolean;
  /** Calls a user's callback, which may throw. */
  pass<T>(callback: () => T): T;
}

/** Creates a well-behaved one, to be made rude. */
export const createRude = ({ broker }: Pick<TestWorld, 'broker'>): Rude => {
  const twice = (listener: LinkListener): LinkListener => ({
    ...listener,
    onMessage: (...message) => {
      const settling = listener.onMessage(...message);
      return rude.isTwice ? (listener.onMessage(...message) ?? settling) : settling;
    },
    onClosed: (error) => {
      listener.onClosed(error);
      if (rude.isTwice) listener.onClosed(error);
    },
  });
  const rude: Rude = {
    broker: { open: (options, listener, signal) => broker.open(options, twice(listener), signal) },
    isTwice: false,
    isThrowing: false,
    pass: (callback) => {
      if (rude.isThrowing) throw new Error('The callback of a user throws.');
      return callback();
    },
  };
  return rude;
};
