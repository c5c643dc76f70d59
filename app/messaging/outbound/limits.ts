import type { Clock } from '../../../services/clock.ts';
import type { Fates } from './outcomes.ts';
import type { OutboxBounds } from './options.ts';
import type { Message, OutboxQueue } from './queue.ts';
import { dropped, expired } from './result.ts';
import { createTally } from '../throttled-warning.ts';

export const noRoom = dropped('The outbox is full.');
const outdated = dropped('A newer message of its topic took its place.');
const tooOld = expired('It waited for longer than the outbox keeps messages.');

/** Timers of more than 2^31 - 1 ms fire at once on most hosts. */
const maxTimerMs = 2_147_483_647;

/** How often drops are told while they go on, milliseconds. */
const tellEveryMs = 600_000;

const countOf = (fresh: number, total: number): string => `${fresh} more dropped, ${total} so far.`;

interface LimitsParts {
  readonly clock: Clock;
  readonly bounds: OutboxBounds;
  readonly warn: (message: string) => void;
  readonly queue: OutboxQueue;
  readonly end: Fates['end'];
}

/** Tells of what is dropped because all topics together have too much that waits. */
const tellFull = ({ clock, warn }: LimitsParts) =>
  createTally(clock, tellEveryMs, (fresh, total) => {
    const news = fresh === total ? 'messages are dropped from now on.' : countOf(fresh, total);
    warn(`The queue of unsent messages is full: ${news}`);
  });

/** Tells of what is dropped because its topic has too much that waits. */
const tellFullTopics = ({ clock, warn }: LimitsParts) => {
  let topic = '';
  const tally = createTally(clock, tellEveryMs, (fresh, total) => {
    const news = fresh === total ? 'Some are dropped.' : countOf(fresh, total);
    warn(`A topic has reached its own bound of unsent messages: ${topic.slice(0, 200)}. ${news}`);
  });
  return {
    add: (full: string) => {
      topic = full;
      tally.add();
    },
    stop: tally.stop,
  };
};

/** Lets messages go that are too many or too old. */
export const createLimits = (parts: LimitsParts) => {
  const { clock, bounds, queue, end } = parts;
  const full = tellFull(parts);
  const fullTopics = tellFullTopics(parts);
  const { waiting } = queue;
  let isTimed = false;
  let timer: unknown;
  const expire = () => {
    const bornBefore = clock.monotonic() - bounds.ageMs;
    for (let first = queue.first(); first && first.bornMs < bornBefore; first = queue.first()) end(first, tooOld);
    const oldest = queue.first();
    if (!isTimed || !oldest || timer !== undefined) return;
    timer = clock.setTimeout(onTimer, Math.min(oldest.bornMs - bornBefore + 1, maxTimerMs));
  };
  const onTimer = () => {
    timer = undefined;
    expire();
  };
  const wasHalfEmpty = (added: Message): boolean =>
    waiting.messages - 1 <= bounds.messages / 2 && waiting.bytes - added.bytes <= bounds.bytes / 2;
  const drop = (surplus: Message) => {
    const { topic, waiting: inLane, policy } = surplus.lane;
    end(surplus, noRoom);
    // The warning may be published, and find the outbox full itself.
    if (inLane > policy.messages) fullTopics.add(topic);
    else full.add();
  };
  return {
    /** Now that this message waits, others may have to go, or itself. */
    makeRoom: (added: Message) => {
      if (wasHalfEmpty(added)) full.reset();
      while (added.state === 'waiting') {
        const surplus = queue.surplus(added);
        if (!surplus) return;
        const { policy, waiting: inLane } = surplus.lane;
        if (policy.keep === 'latest' && inLane > 1) end(surplus, outdated, 'replaced');
        else drop(surplus);
      }
    },
    /** Ends what has waited for too long. */
    expire,
    /** From now on ends it by a timer too, also while nothing is published. */
    start: () => {
      isTimed = true;
      expire();
    },
    /** Tells of nothing any more, and leaves no timer. */
    stop: () => {
      isTimed = false;
      clock.clearTimeout(timer);
      timer = undefined;
      full.stop();
      fullTopics.stop();
    },
  };
};
