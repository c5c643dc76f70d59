import type { AnyActorRef } from 'xstate';

type Timers = ReturnType<AnyActorRef['system']['getSnapshot']>['_scheduledEvents'];

const none = (): Timers => ({});

/** A clock that stands still and fires the one timer it is told to, whatever the lengths. */
export const steerableClock = () => {
  const waiting = new Map<number, { eventType: string | undefined; fire: () => void }>();
  const known = new WeakSet<object>();
  let timers = none;
  let lastId = 0;

  const newest = (): string | undefined => {
    const scheduled = Object.values(timers()).find((timer) => !known.has(timer));
    if (scheduled) known.add(scheduled);
    return scheduled?.event.type;
  };

  return {
    /** Learns from an actor's system which event each timer stands for. */
    follow: ({ system }: AnyActorRef) => {
      timers = () => {
        const { _scheduledEvents: scheduled } = system.getSnapshot();
        return scheduled;
      };
    },
    setTimeout: (fire: () => void): number => {
      lastId += 1;
      waiting.set(lastId, { eventType: newest(), fire });
      return lastId;
    },
    clearTimeout: (id: number) => void waiting.delete(id),
    /** Lets the timer that stands for this event run out. @returns Whether there was one. */
    fire: (eventType: string): boolean => {
      const due = [...waiting].find(([, timer]) => timer.eventType === eventType);
      if (!due) return false;
      waiting.delete(due[0]);
      due[1].fire();
      return true;
    },
    /** The events of all timers that are set. */
    pending: (): (string | undefined)[] => [...waiting.values()].map(({ eventType }) => eventType),
  };
};
