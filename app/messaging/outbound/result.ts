/** What became of a message. */
export type PublishResult =
  /**
   * Written to the broker (QoS 0) or acknowledged by it (QoS 1, 2). A broker of MQTT 3.1.1 has to acknowledge what it denies
   * as well (section 3.3.5), or to end the link.
   */
  | { readonly outcome: 'delivered' }
  /**
   * Kept, on disk where the platform has one, until the link is back or the rate allows to send it. No promise of delivery:
   * when the outbox gets too full or the message too old, it goes, which the metrics `dropped`, `replaced` and `expired`
   * count; the broker may refuse it, which `dead` counts. Who has to know asks for `until: 'settled'`.
   */
  | { readonly outcome: 'queued' }
  | Unsent;

/** A message that did not reach the broker and is not kept. */
export interface Unsent {
  readonly outcome:
    /** The broker, the packet limit or the topic's form said no. */
    | 'refused'
    /** It waited for longer than `outbox.ageMs`. */
    | 'expired'
    /** Its topic's policy, or a bound, left no place for it, or the client was stopped. */
    | 'dropped';
  /** Why, for people. */
  readonly reason: string;
  /** The broker's reason code (MQTT 5 section 2.4), where it was the broker who refused. */
  readonly reasonCode?: number | undefined;
}

export type PublishOutcome = PublishResult['outcome'];

export const delivered: PublishResult = Object.freeze({ outcome: 'delivered' });
export const queued: PublishResult = Object.freeze({ outcome: 'queued' });

export const refused = (reason: string, reasonCode?: number): Unsent =>
  reasonCode === undefined ? { outcome: 'refused', reason } : { outcome: 'refused', reason, reasonCode };
export const dropped = (reason: string): Unsent => ({ outcome: 'dropped', reason });
export const expired = (reason: string): Unsent => ({ outcome: 'expired', reason });

/** How many messages had to wait, came to which end, and could not be read from the store. */
export const createCounts = () => ({
  queued: 0,
  delivered: 0,
  refused: 0,
  dropped: 0,
  replaced: 0,
  expired: 0,
  dead: 0,
  damaged: 0,
});

/** One promise for all messages that are delivered at once. */
export const deliveredAtOnce: Promise<PublishResult> = Promise.resolve(delivered);

const takenAtOnce = Promise.resolve(true);

/** Whether the broker has the message, or will get it. */
const isTaken = ({ outcome }: PublishResult): boolean => outcome === 'delivered' || outcome === 'queued';

/** Whether the broker has every message, or will get it; with no promise of its own where all are delivered at once. */
export const areTaken = (results: readonly Promise<PublishResult>[]): Promise<boolean> =>
  results.every((result) => result === deliveredAtOnce)
    ? takenAtOnce
    : results.map((result) => result.then(isTaken)).reduce((all, one) => all.then((taken) => taken && one));
