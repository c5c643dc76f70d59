import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { Lane, Message } from './queue.ts';

/**
 * Finds the message over which the broker ends the link: there are brokers that answer so to a topic that they deny, or to a
 * packet that is too large, and do not say to which.
 *
 * Brokers answer in order, so the first message that was not acknowledged when a link ended is the suspect. On the next links
 * it is tried alone, each time after a while in which the link has lasted without it.
 */
export interface Suspects {
  /** A new link is there. */
  opened(): void;
  /** That link is gone; what it had not acknowledged is told by `doubt`, before or after. */
  ended(link: Link): void;
  /** Whether nothing may be on its way but the message that is tried. */
  isCautious(): boolean;
  /** The message to try; none while that is on its way. */
  next(): Message | undefined;
  /** For how long the link has to last yet before the message is tried, milliseconds. */
  waitMs(): number;
  /** A message that has waited is on its way. */
  sent(link: Link, message: Message): void;
  acknowledged(message: Message): void;
  /** A link did not take a message; told of those that were on their way in the order in which they were sent. */
  doubt(link: Link, message: Message, thrown: unknown): void;
  /** @returns Whether the broker has ended so many links over the message that it is no chance. */
  convict(message: Message): boolean;
}

/** How many links in a row must end over what is tried on them. */
const enoughEnds = 5;
/** How long a link must last without the message, and how soon with it it has to end, milliseconds. */
const trialMs = 3_000;
const mostGuilty = 256;

/** What a broker's end of the link may look like; the broker may well say `credentials` (0x87) of a topic. */
const endings: readonly string[] = ['closed', 'network', 'malformed', 'credentials'];
/** The reason code of the unit's own DISCONNECT (MQTT 5 section 3.14.2.1). */
const normalDisconnection = 0;

const isBrokersEnd = (thrown: unknown): boolean =>
  thrown instanceof BrokerError && endings.includes(thrown.code) && thrown.reasonCode !== normalDisconnection;

const isWaiting = ({ state }: Message): boolean => state === 'waiting';

/** Topics of guilty messages: one more end is enough there, until a message gets through. */
const createRecord = () => {
  const topics = new Set<string>();
  return {
    has: ({ topic }: Lane): boolean => topics.has(topic),
    enough: ({ topic }: Lane): number => (topics.has(topic) ? 1 : enoughEnds),
    add: ({ topic }: Lane) => {
      if (topics.size >= mostGuilty) topics.clear();
      topics.add(topic);
    },
    strike: ({ topic }: Lane) => topics.delete(topic),
  };
};

export const createSuspects = (clock: Pick<Clock, 'monotonic'>): Suspects => {
  /** The topic under suspicion: a newer message may take the place of the one that was tried. */
  let lane: Lane | undefined;
  /** How many links in a row have ended over it alone. */
  let ends = 0;
  let trial: { readonly link: Link; readonly message: Message; readonly sentMs: number } | undefined;
  let openedMs = 0;
  /** The link whose end has been judged. */
  let judged: Link | undefined;
  const record = createRecord();
  const clear = () => {
    lane = undefined;
    ends = 0;
    trial = undefined;
  };
  const isCautious = () => lane !== undefined && lane.messages.size > 0;
  /** The link was ended while this message was the first that was not acknowledged. */
  const suspect = (message: Message) => {
    const tried = trial?.message === message ? trial : undefined;
    trial = undefined;
    if (!tried) ends = 0;
    else if (clock.monotonic() - tried.sentMs > trialMs) return clear();
    else ends += 1;
    lane = message.lane;
  };
  return {
    opened: () => {
      openedMs = clock.monotonic();
      judged = undefined;
    },
    ended: (link) => {
      if (trial?.link !== link && judged !== link) clear();
    },
    isCautious,
    next: () => (trial?.message.state === 'sending' ? undefined : lane?.messages.find(isWaiting)),
    waitMs: () => {
      const hasToLast = lane && (ends > 0 || record.has(lane));
      return hasToLast && isCautious() ? Math.max(0, openedMs + trialMs - clock.monotonic()) : 0;
    },
    sent: (link, message) => {
      if (isCautious()) trial = { link, message, sentMs: clock.monotonic() };
    },
    acknowledged: (message) => {
      if (trial?.message === message) clear();
      if (message.qos > 0) record.strike(message.lane);
    },
    doubt: (link, message, thrown) => {
      if (judged !== link && isBrokersEnd(thrown)) {
        judged = link;
        suspect(message);
      } else if (trial?.message === message) clear();
    },
    convict: (message) => {
      if (message.lane !== lane || ends < record.enough(lane)) return false;
      record.add(lane);
      clear();
      return true;
    },
  };
};
