import { BrokerError } from '../../../services/errors.ts';

/** Not authorised (MQTT 5 section 2.4). */
const notAuthorized = 0x87;

const isDenial = (thrown: unknown): boolean => thrown instanceof BrokerError && thrown.reasonCode === notAuthorized;

/**
 * Tells a denied topic from an instance that is away, during which the broker denies every topic.
 *
 * The first denial of a topic on a link is no end of its message: publishing is held until it is known whether the instance
 * still grants the unit its own topics. If it does, a further denial of that topic counts; if not, the link ends.
 */
export class Denials {
  /** Topics that were denied on this link, once the instance was asked about them. */
  readonly #denied = new Set<string>();
  readonly #doubted = new Set<string>();
  #ask: ((topic: string) => void) | undefined;
  #isHeld = false;

  /** Whether publishing is held. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** A link opened. @param ask Asks whether the instance grants the unit its own topics; without it each denial counts. */
  opened(ask: ((topic: string) => void) | undefined): void {
    this.#ask = ask;
    this.#isHeld = ask !== undefined;
    this.#denied.clear();
    this.#doubted.clear();
  }

  /** The instance grants them on this link. */
  granted(): void {
    this.#isHeld = false;
    for (const topic of this.#doubted) this.#denied.add(topic);
    this.#doubted.clear();
  }

  acknowledged(topic: string): void {
    if (this.#denied.size > 0) this.#denied.delete(topic);
  }

  /** Whether a message that failed like this is to wait for the instance. */
  isInDoubt(topic: string, thrown: unknown): boolean {
    if (!this.#ask || !isDenial(thrown) || this.#denied.has(topic)) return false;
    this.#doubted.add(topic);
    if (!this.#isHeld) {
      this.#isHeld = true;
      this.#ask(topic);
    }
    return true;
  }
}
