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
export interface Denials {
  /** A link opened. @param ask Asks whether the instance grants the unit its own topics; without it each denial counts. */
  opened(ask: ((topic: string) => void) | undefined): void;
  /** The instance grants them on this link. */
  granted(): void;
  acknowledged(topic: string): void;
  /** Whether a message that failed like this is to wait for the instance. */
  isInDoubt(topic: string, thrown: unknown): boolean;
  /** Whether publishing is held. */
  isHeld(): boolean;
}

export const createDenials = (): Denials => {
  /** Topics that were denied on this link, once the instance was asked about them. */
  const denied = new Set<string>();
  const doubted = new Set<string>();
  let ask: ((topic: string) => void) | undefined;
  let isHeld = false;
  return {
    opened: (asking) => {
      ask = asking;
      isHeld = asking !== undefined;
      denied.clear();
      doubted.clear();
    },
    granted: () => {
      isHeld = false;
      for (const topic of doubted) denied.add(topic);
      doubted.clear();
    },
    acknowledged: (topic) => {
      if (denied.size > 0) denied.delete(topic);
    },
    isInDoubt: (topic, thrown) => {
      if (!ask || !isDenial(thrown) || denied.has(topic)) return false;
      doubted.add(topic);
      if (!isHeld) {
        isHeld = true;
        ask(topic);
      }
      return true;
    },
    isHeld: () => isHeld,
  };
};
