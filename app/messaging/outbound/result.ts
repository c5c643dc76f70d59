/** Outcome of a publish. */
export type PublishResult =
  /**
   * Written to the broker (QoS 0) or acknowledged by it (QoS 1, 2). A broker of MQTT 3.1.1 acknowledges denied messages too,
   * or ends the link (section 3.3.5).
   */
  | { readonly outcome: 'delivered' }
  /**
   * Stored until the link is back or the rate limit allows sending; on disk, unless `outbox.durable` is off or
   * its topic's policy writes it later (`storeAfterMs`). Delivery is
   * not guaranteed: the message may be dropped from a full outbox or expire (metrics `dropped`, `replaced`, `expired`), or
   * be refused by the broker (`dead`). To await the final outcome, publish with `until: 'settled'`.
   */
  | { readonly outcome: 'queued' }
  | Unsent;

/** Outcome of a message that did not reach the broker and is not stored. */
export interface Unsent {
  readonly outcome:
    /** By the broker, for its size, or for an invalid topic. */
    | 'refused'
    /** It waited for longer than `outbox.ageMs`. */
    | 'expired'
    /** By its topic's policy or a limit of the outbox, or because the client was stopped. */
    | 'dropped';
  /** Reason, for people. */
  readonly reason: string;
  /** The broker's reason code (MQTT 5 section 2.4), if the broker refused it. */
  readonly reasonCode?: number | undefined;
}

export type PublishOutcome = PublishResult['outcome'];

export const delivered: PublishResult = Object.freeze({ outcome: 'delivered' });
export const queued: PublishResult = Object.freeze({ outcome: 'queued' });

export const refused = (reason: string, reasonCode?: number): Unsent =>
  reasonCode === undefined ? { outcome: 'refused', reason } : { outcome: 'refused', reason, reasonCode };
export const dropped = (reason: string): Unsent => ({ outcome: 'dropped', reason });
/** The end of what a stopped client does not keep. */
export const stopped: Unsent = dropped('The client was stopped.');
export const expired = (reason: string): Unsent => ({ outcome: 'expired', reason });

/** Creates the counters of queued messages, of each outcome, and of unreadable records. */
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

/** Shared promise of all messages that are delivered at once. */
export const deliveredAtOnce: Promise<PublishResult> = Promise.resolve(delivered);

/** Shared promise of all messages that are accepted at once. */
export const acceptedAtOnce: Promise<boolean> = Promise.resolve(true);

/** Whether a message was delivered or queued. */
export const isAccepted = ({ outcome }: PublishResult): boolean => outcome === 'delivered' || outcome === 'queued';

/** Whether every message was accepted. Creates no promise when all were accepted at once. */
export const areAccepted = (results: readonly Promise<boolean>[]): Promise<boolean> =>
  results.every((result) => result === acceptedAtOnce)
    ? acceptedAtOnce
    : Promise.all(results).then((all) => all.every(Boolean));
