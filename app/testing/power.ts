import type { LinkListener } from '../../services/broker.ts';
import type { Clock } from '../../services/clock.ts';
import type { Adapters } from '../platform.ts';

/** The adapters of one start of a program, until its power is cut. */
export interface Power {
  readonly adapters: Adapters;
  /** Ends all of the program at once: its timers, its messages, and every call under way or to come. */
  cut(): void;
}

type IsOn = () => boolean;

const never = new Promise<never>(() => undefined);

const answerWhileOn = async (isOn: IsOn, answer: unknown): Promise<unknown> => {
  const [outcome] = await Promise.allSettled([answer]);
  if (!isOn()) return never;
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
};

/** The same port; after the cut nothing that it is asked for happens, and nothing is answered. */
const onPower = <T>(isOn: IsOn, port: T): T => {
  if (typeof port !== 'object' || port === null) return port;
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        if (!isOn()) return never;
        const answer: unknown = Reflect.apply(member, target, given);
        return answer instanceof Promise ? answerWhileOn(isOn, answer) : answer;
      };
    },
  });
};

/** A listener that hears nothing after the cut. */
const hearingWhileOn = (isOn: IsOn, { onMessage, onClosed, ...listener }: LinkListener): LinkListener => ({
  ...listener,
  onMessage: (...message) => (isOn() ? onMessage(...message) : undefined),
  onClosed: (error) => {
    if (isOn()) onClosed(error);
  },
});

/** A clock whose timers end with the power. */
const clockOnPower = (isOn: IsOn, clock: Clock) => {
  const timers = new Set<unknown>();
  const view: Clock = {
    now: clock.now,
    monotonic: clock.monotonic,
    setTimeout: (fn, ms) => {
      if (!isOn()) return undefined;
      const timer = clock.setTimeout(() => {
        timers.delete(timer);
        fn();
      }, ms);
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer) => {
      timers.delete(timer);
      clock.clearTimeout(timer);
    },
  };
  const end = () => {
    for (const timer of timers) clock.clearTimeout(timer);
  };
  return { view, end };
};

/** Gives a program the adapters of its host, with a power that can be cut. */
export const powered = (host: Adapters): Power => {
  const { clock, broker, ...others } = host;
  let hasPower = true;
  const isOn = () => hasPower;
  const { view, end } = clockOnPower(isOn, clock);
  const ports = Object.fromEntries(
    Object.entries(others).map(([name, port]: [string, unknown]) => [name, onPower(isOn, port)]),
  ) as unknown as typeof others;
  const open: typeof broker.open = (options, listener, signal) =>
    broker.open(options, hearingWhileOn(isOn, listener), signal);
  return {
    adapters: { ...ports, clock: view, broker: onPower(isOn, { open }) },
    cut: () => {
      hasPower = false;
      end();
    },
  };
};
