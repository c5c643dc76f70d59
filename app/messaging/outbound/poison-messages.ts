import { countEnds, endsOver, giveLastChance, isPoison, type Suspects } from '../../../machines/lib/suspects.ts';
import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import { isWaiting, type Message, type Topic } from './message.ts';

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
export class PoisonDetector {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The suspect: a newer message of its topic may take the place of the one that was tried. */
  #topic: Topic | undefined;
  /** How many links in a row have ended over it alone. */
  #suspects: Suspects = [];
  /** Topics of poison: one more end is enough there, until a message gets through. */
  readonly #poisonedTopics = new Set<string>();
  #trial: { readonly link: Link; readonly message: Message; readonly sentMs: number } | undefined;
  #openedMs = 0;
  /** The link whose end has been judged. */
  #judged: Link | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Whether nothing may be on its way but the message that is tried. */
  get isTrying(): boolean {
    return this.#topic !== undefined && this.#topic.messages.size > 0;
  }

  linkOpened(): void {
    this.#openedMs = this.#clock.monotonic();
    this.#judged = undefined;
  }

  /** That link is gone; `failed` hears of what it had not acknowledged, before or after. */
  linkEnded(link: Link): void {
    if (this.#trial?.link !== link && this.#judged !== link) this.#reset();
  }

  /** The message to try; none while that is on its way. */
  next(): Message | undefined {
    return this.#trial?.message.state === 'sending' ? undefined : this.#topic?.messages.find(isWaiting);
  }

  /** For how long the link has to last yet before the message is tried, milliseconds. */
  waitMs(): number {
    if (!this.#topic || !this.isTrying || endsOver(this.#suspects, this.#topic.name) === 0) return 0;
    return Math.max(0, this.#openedMs + trialMs - this.#clock.monotonic());
  }

  /** A message that has waited is on its way. */
  sent(link: Link, message: Message): void {
    if (this.isTrying) this.#trial = { link, message, sentMs: this.#clock.monotonic() };
  }

  acknowledged(message: Message): void {
    if (this.#trial?.message === message) this.#reset();
    if (message.qos > 0 && this.#poisonedTopics.size > 0) this.#poisonedTopics.delete(message.topic.name);
  }

  /** A link did not take a message; of those that were on their way, in the order in which they were sent. */
  failed(link: Link, message: Message, thrown: unknown): void {
    if (this.#judged !== link && isEndOver(message, thrown)) {
      this.#judged = link;
      this.#suspect(message, thrown);
    } else if (this.#trial?.message === message) this.#reset();
  }

  /** Whether the broker has ended so many links over the message that it is no chance: it is to be put aside then. */
  isPoison(message: Message): boolean {
    const { name } = message.topic;
    if (message.topic !== this.#topic || !isPoison(this.#suspects, name, enoughEnds)) return false;
    addBounded(this.#poisonedTopics, name);
    this.#reset();
    return true;
  }

  #reset(): void {
    this.#topic = undefined;
    this.#suspects = [];
    this.#trial = undefined;
  }

  /** The link was ended while this message was the first that was not acknowledged. */
  #suspect(message: Message, thrown: unknown): void {
    const tried = this.#trial?.message === message ? this.#trial : undefined;
    this.#trial = undefined;
    if (tried && !isTimeout(thrown) && this.#clock.monotonic() - tried.sentMs > trialMs) {
      this.#reset();
      return;
    }
    const { topic } = message;
    this.#topic = topic;
    this.#suspects = tried ? countEnds(this.#suspects, [topic.name]) : firstSuspects(topic, this.#poisonedTopics);
  }
}
