import type { Clock } from '../../../services/clock.ts';
import { createBacklog, type InboxBounds } from './inbox-backlog.ts';
import type { InboundMessage } from './message.ts';

/** What waits in a queue of its own: commands, which were obeyed before, are not crowded out by the app's inputs. */
export type InboxClass = 'command' | 'input';

/** Waits for handlers that are at work, for so long and no longer. */
const createPatience = (clock: Clock, limitMs: number, onLate: (topic: string) => void) => {
  const waits = new Set<() => void>();
  let isStopped = false;
  return {
    /** Calls back when the work on a topic is done, or when it has taken too long; once. */
    follow: (topic: string, work: Promise<void>, proceed: () => void) => {
      if (isStopped) return;
      const giveUp = () => {
        waits.delete(giveUp);
        clock.clearTimeout(timer);
      };
      const end = () => {
        if (!waits.has(giveUp)) return;
        giveUp();
        proceed();
      };
      const timer = clock.setTimeout(() => {
        onLate(topic);
        end();
      }, limitMs);
      waits.add(giveUp);
      void work.then(end);
    },
    /** Waits for nothing any more. */
    stop: () => {
      isStopped = true;
      for (const giveUp of waits) giveUp();
    },
  };
};

/** What waits for a topic whose handler is at work. */
interface Lane {
  readonly of: InboxClass;
  readonly waiting: InboundMessage[];
}

export interface LanesParts {
  readonly clock: Clock;
  readonly bounds: InboxBounds;
  /** Hands a message over. @returns What to wait for before the next one of its topic; it never rejects. */
  readonly work: (message: InboundMessage) => Promise<void> | undefined;
  /** Told of a topic whose handler has had its time. */
  readonly onLate: (topic: string) => void;
  /** Told when there is room again. */
  readonly onRoom: () => void;
}

/** Hands messages over one at a time and in order for each topic, within the bounds of their class. */
export const createLanes = ({ clock, bounds, work, onLate, onRoom }: LanesParts) => {
  const lanes = new Map<string, Lane>();
  const backlogs = { command: createBacklog(bounds), input: createBacklog(bounds) };
  const patience = createPatience(clock, bounds.handlerMs, onLate);

  const waiting = () => backlogs.command.waiting() + backlogs.input.waiting();

  const next = (topic: string, lane: Lane) => {
    for (let message = lane.waiting.shift(); message; message = lane.waiting.shift()) {
      backlogs[lane.of].release(message);
      onRoom();
      const working = work(message);
      if (working) return patience.follow(topic, working, () => next(topic, lane));
    }
    lanes.delete(topic);
    backlogs[lane.of].finish();
    onRoom();
  };

  const begin = (message: InboundMessage, of: InboxClass): boolean => {
    if (!backlogs[of].mayBegin()) return false;
    const working = work(message);
    if (!working) return true;
    const lane: Lane = { of, waiting: [] };
    lanes.set(message.topic, lane);
    backlogs[of].begin();
    patience.follow(message.topic, working, () => next(message.topic, lane));
    return true;
  };

  return {
    /** @returns Whether there was room. */
    push: (message: InboundMessage, of: InboxClass): boolean => {
      const busy = lanes.size === 0 ? undefined : lanes.get(message.topic);
      if (!busy) return begin(message, of);
      if (!backlogs[busy.of].admit(message)) return false;
      busy.waiting.push(message);
      return true;
    },
    /** Lets go of what waits, and waits for no handler any more. @returns How many messages that were. */
    stop: (): number => {
      patience.stop();
      const dropped = waiting();
      for (const lane of lanes.values()) {
        for (const message of lane.waiting.splice(0)) backlogs[lane.of].release(message);
      }
      lanes.clear();
      return dropped;
    },
    waiting,
    /** How much of the room for inputs is taken, from 0 to 1. */
    inputLevel: backlogs.input.level,
  };
};
