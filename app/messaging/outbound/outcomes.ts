import type { Message, OutboxQueue } from './queue.ts';
import type { Keeper } from './persistence.ts';
import type { PublishResult, Unsent } from './result.ts';

const createCounts = () => ({ queued: 0, delivered: 0, refused: 0, dropped: 0, replaced: 0, expired: 0, dead: 0 });

/** What messages have come to, so far. */
export type Counts = ReturnType<typeof createCounts>;

/** Lets messages go, and counts what they came to. */
export interface Fates {
  readonly counts: Counts;
  /** A message has come to its end; told as it is counted, unless there is a name of its own to count it by. */
  end(message: Message, result: PublishResult, tally?: keyof Counts): PublishResult;
  /** A message that was kept can never be delivered: it goes aside. */
  bury(message: Message, result: Unsent): void;
}

export const createFates = (queue: OutboxQueue, keeper: Keeper): Fates => {
  const counts = createCounts();
  const end: Fates['end'] = (message, result, tally = result.outcome) => {
    if (message.state === 'gone') return result;
    queue.move(message, 'gone');
    keeper.forget(message);
    counts[tally] += 1;
    message.settle?.(result);
    return result;
  };
  return {
    counts,
    end,
    bury: (message, result) => {
      keeper.setAside(message, result);
      end(message, result, 'dead');
    },
  };
};
