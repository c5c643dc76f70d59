import { countEnds, endsOver, giveLastChance, isPoison, type Suspects } from '../../../machines/lib/suspects.ts';
import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { Message, Topic } from './message.ts';

/** How many links in a row must end over what is tried on them. */
const enoughEnds = 5;
/** How long a link must last without the message, and how soon with it it has to end, milliseconds. */
const trialMs = 3_000;
/** Size from which a message may be more than the line can carry, bytes. */
const largeBytes = 1024;
const maxPoisonedTopics = 256;

/**
 * What a broker's end of the link may look like; the broker may well say `credentials` (0x87) of a topic. A `timeout` is
 * the link's own end, and counts for a message that the line may not carry: over a small one it is the link that is dead.
 */
const endings: readonly string[] = ['closed', 'network', 'malformed', 'credentials'];
/** The reason code of the unit's own DISCONNECT (MQTT 5 section 3.14.2.1). */
const normalDisconnection = 0;

const isTimeout = (thrown: unknown): boolean => thrown instanceof BrokerError && thrown.code === 'timeout';

const isEndOver = ({ bytes }: Message, thrown: unknown): boolean => {
  if (isTimeout(thrown)) return bytes >= largeBytes;
  return thrown instanceof BrokerError && endings.includes(thrown.code) && thrown.reasonCode !== normalDisconnection;
};

const isWaiting = ({ state }: Message): boolean => state === 'waiting';

const addBounded = (topics: Set<string>, name: string) => {
  if (topics.size >= maxPoisonedTopics) topics.clear();
  topics.add(name);
};

/** What is held against a topic before anything of it was tried. */
const firstSuspects = ({ name }: Topic, poisoned: ReadonlySet<string>): Suspects =>
  poisoned.has(name) ? giveLastChance([], [name], enoughEnds) : [];

/**
 * Finds the message over which the broker ends the link, be it for its topic or for its size.
 *
 * Brokers answer in order, so the first message that was not acknowledged when a link ended is suspect. On the next links
 * it is tried alone, each time after a while in which the link has lasted without it.
 */
export interface PoisonDetector {
  linkOpened(): void;
  /** That link is gone; `failed` hears of what it had not acknowledged, before or after. */
  linkEnded(link: Link): void;
  /** Whether nothing may be on its way but the message that is tried. */
  isTrying(): boolean;
  /** The message to try; none while that is on its way. */
  next(): Message | undefined;
  /** For how long the link has to last yet before the message is tried, milliseconds. */
  waitMs(): number;
  /** A message that has waited is on its way. */
  sent(link: Link, message: Message): void;
  acknowledged(message: Message): void;
  /** A link did not take a message; of those that were on their way, in the order in which they were sent. */
  failed(link: Link, message: Message, thrown: unknown): void;
  /** Whether the broker has ended so many links over the message that it is no chance: it is to be put aside then. */
  isPoison(message: Message): boolean;
}

export const createPoisonDetector = (clock: Pick<Clock, 'monotonic'>): PoisonDetector => {
  /** The suspect: a newer message of its topic may take the place of the one that was tried. */
  let topic: Topic | undefined;
  /** How many links in a row have ended over it alone. */
  let suspects: Suspects = [];
  /** Topics of poison: one more end is enough there, until a message gets through. */
  const poisonedTopics = new Set<string>();
  let trial: { readonly link: Link; readonly message: Message; readonly sentMs: number } | undefined;
  let openedMs = 0;
  /** The link whose end has been judged. */
  let judged: Link | undefined;
  const reset = () => {
    topic = undefined;
    suspects = [];
    trial = undefined;
  };
  const isTrying = () => topic !== undefined && topic.messages.size > 0;
  /** The link was ended while this message was the first that was not acknowledged. */
  const suspect = (message: Message, thrown: unknown) => {
    const tried = trial?.message === message ? trial : undefined;
    trial = undefined;
    if (tried && !isTimeout(thrown) && clock.monotonic() - tried.sentMs > trialMs) return reset();
    topic = message.topic;
    suspects = tried ? countEnds(suspects, [topic.name]) : firstSuspects(topic, poisonedTopics);
  };
  return {
    linkOpened: () => {
      openedMs = clock.monotonic();
      judged = undefined;
    },
    linkEnded: (link) => {
      if (trial?.link !== link && judged !== link) reset();
    },
    isTrying,
    next: () => (trial?.message.state === 'sending' ? undefined : topic?.messages.find(isWaiting)),
    waitMs: () =>
      topic && isTrying() && endsOver(suspects, topic.name) > 0
        ? Math.max(0, openedMs + trialMs - clock.monotonic())
        : 0,
    sent: (link, message) => {
      if (isTrying()) trial = { link, message, sentMs: clock.monotonic() };
    },
    acknowledged: (message) => {
      if (trial?.message === message) reset();
      if (message.qos > 0) poisonedTopics.delete(message.topic.name);
    },
    failed: (link, message, thrown) => {
      if (judged !== link && isEndOver(message, thrown)) {
        judged = link;
        suspect(message, thrown);
      } else if (trial?.message === message) reset();
    },
    isPoison: (message) => {
      if (message.topic !== topic || !isPoison(suspects, topic.name, enoughEnds)) return false;
      addBounded(poisonedTopics, topic.name);
      reset();
      return true;
    },
  };
};
