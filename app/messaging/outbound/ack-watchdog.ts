import { createTimer } from '../../../adapters/shared/clock.ts';
import type { Clock } from '../../../services/clock.ts';
import type { Message } from './queue.ts';
import type { PlaneOutbox } from './outbox.ts';

const isAtRisk = ({ state, qos, isStored }: Message): boolean => state === 'sending' && qos > 0 && !isStored;

/**
 * Writes to the outbox what the broker takes long to acknowledge, so that a kill of the program does not lose it.
 *
 * @param patienceMs How long a message may go unacknowledged first; one timer for all of them.
 */
export const watchAcknowledgements = (outbox: PlaneOutbox, clock: Clock, patienceMs: number) => {
  const look = () => {
    const now = clock.monotonic();
    const atRisk = outbox.queue.all().filter(isAtRisk);
    for (const message of atRisk) if (now - message.bornMs >= patienceMs) outbox.secure(message);
    if (atRisk.length > 0) start();
  };
  const timer = createTimer(clock, look);
  const start = () => timer.start(patienceMs);
  return {
    /** A message of QoS 1 or 2 was sent. */
    start,
    stop: timer.stop,
  };
};
