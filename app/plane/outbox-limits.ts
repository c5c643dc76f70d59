import type { Clock } from '../../services/clock.ts';
import type { Fates } from './outbox-fates.ts';
import type { OutboxBounds } from './outbox-options.ts';
import type { Message, OutboxQueue } from './outbox-queue.ts';
import { dropped, expired } from './publish-result.ts';

export const noRoom = dropped('The outbox is full.');
const outdated = dropped('A newer message of its topic took its place.');
const tooOld = expired('It waited for longer than the outbox keeps messages.');

interface LimitsParts {
  readonly clock: Clock;
  readonly bounds: OutboxBounds;
  readonly warn: (message: string) => void;
  readonly queue: OutboxQueue;
  readonly end: Fates['end'];
}

/** Lets messages go that are too many or too old. */
export const createLimits = ({ clock, bounds, warn, queue, end }: LimitsParts) => {
  let toldFull = false;
  const tellFull = () => {
    if (toldFull) return;
    // The warning may be published, and find the outbox full itself.
    toldFull = true;
    warn('The queue of unsent messages is full: messages are dropped from now on.');
  };
  return {
    /** Now that this message waits, others may have to go, or itself. */
    makeRoom: (added: Message) => {
      for (let surplus = queue.surplus(added); surplus; surplus = queue.surplus(added)) {
        const { policy, waiting } = surplus.lane;
        if (policy.keep === 'latest' && waiting > 1) end(surplus, outdated, 'replaced');
        else {
          tellFull();
          end(surplus, noRoom);
        }
      }
    },
    /** Ends what has waited for too long. */
    expire: () => {
      const bornBefore = clock.monotonic() - bounds.ageMs;
      for (let first = queue.first(); first && first.bornMs < bornBefore; first = queue.first()) end(first, tooOld);
    },
  };
};
