import type { AnyActorRef } from 'xstate';
import type { Timers } from '../../../services/clock.ts';

interface Timer {
  readonly eventType: string | undefined;
  readonly fire: () => void;
  readonly ms: number;
  /** The step in which it was set. */
  readonly step: number;
}

/** A timer of the clock, or one that is left to the other timers. */
type TimerId = number | { readonly other: unknown };

/** Whether a timer, set no later than another one and no longer, runs out before that in any case. */
const isBefore = ([oneId, one]: [number, Timer], [otherId, other]: [number, Timer]): boolean =>
  one.step <= other.step && (one.ms < other.ms || (one.ms === other.ms && oneId < otherId));

/**
 * A clock that stands still and fires the one timer it is told to, as if any time had passed since the step before.
 *
 * @param others Timers of all actors but the one that is followed. @defaultValue this clock, too
 */
export const steerableClock = (others?: Timers) => {
  const waiting = new Map<number, Timer>();
  const known = new WeakSet<object>();
  let followed: AnyActorRef | undefined;
  let lastId = 0;
  let step = 0;

  const newest = () => {
    const { _scheduledEvents: scheduled } = followed?.system.getSnapshot() ?? { _scheduledEvents: {} };
    const found = Object.values(scheduled).find((timer) => !known.has(timer));
    if (found) known.add(found);
    return found;
  };

  /** Timers that may be the next to run out. */
  const due = (): [number, Timer][] => {
    const all = [...waiting];
    return all.filter((one) => !all.some((other) => isBefore(other, one)));
  };

  const fire = ([id, timer]: [number, Timer]): void => {
    waiting.delete(id);
    timer.fire();
  };

  return {
    /** Learns from an actor's system which event each timer stands for. */
    follow: (actor: AnyActorRef): void => {
      followed = actor;
    },
    setTimeout: (fn: () => void, ms = 0): TimerId => {
      const scheduled = newest();
      if (others && scheduled && scheduled.source !== followed) return { other: others.setTimeout(fn, ms) };
      lastId += 1;
      waiting.set(lastId, { eventType: scheduled?.event.type, fire: fn, ms, step });
      return lastId;
    },
    clearTimeout: (id: TimerId): void => {
      if (typeof id === 'number') waiting.delete(id);
      else others?.clearTimeout(id.other);
    },
    /** Begins a step: what is set from now on may run out later than what was set before, whatever the lengths. */
    nextStep: (): void => {
      step += 1;
    },
    /** Lets the timer that stands for this event run out. @returns Whether there was one. */
    fire: (eventType: string): boolean => {
      const timer = [...waiting].find(([, one]) => one.eventType === eventType);
      if (timer) fire(timer);
      return timer !== undefined;
    },
    /** The events of the timers that may be the next to run out. */
    due: (): (string | undefined)[] => due().map(([, { eventType }]) => eventType),
    /** The events of all timers that are set. */
    pending: (): (string | undefined)[] => [...waiting.values()].map(({ eventType }) => eventType),
  };
};
