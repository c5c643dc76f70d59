import type { Clock } from '../../services/clock.ts';

/** How long one topic's refusals are told by one warning, milliseconds. */
const quietMs = 60_000;
const mostTopics = 256;

interface Complaint {
  readonly toldMs: number;
  untold: number;
}

/** Warns of refused messages: once in a while for each topic, so that a refusal in a loop does not fill the log. */
export const createComplaints = (clock: Clock, warn: (message: string) => void) => {
  const topics = new Map<string, Complaint>();
  return (topic: string, reason: string): void => {
    const known = topics.get(topic);
    const now = clock.monotonic();
    if (known && now - known.toldMs < quietMs) {
      known.untold += 1;
      return;
    }
    if (topics.size >= mostTopics) topics.clear();
    topics.set(topic, { toldMs: now, untold: 0 });
    const others = known && known.untold > 0 ? ` So were ${known.untold} more since the last warning.` : '';
    warn(`A message for ${topic.slice(0, 200)} was refused: ${reason}${others}`);
  };
};
