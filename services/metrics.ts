import type { Failure } from './errors.ts';

/** Counts of the messages for the app's handler. */
export interface InboxMetrics {
  readonly received: number;
  readonly dropped: number;
  /** Messages that wait now. */
  readonly waiting: number;
  /** How often the link had to pause, for the handler to catch up. */
  readonly pauses: number;
}

/** Counts of the messages to publish: those of this run, and those that earlier runs left. */
export interface OutboxMetrics {
  /** Messages that wait now. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Messages that the link has, and that are not acknowledged yet. */
  readonly sending: number;
  /** Messages that had to wait at some time. */
  readonly queued: number;
  /** Written to the broker (QoS 0) or acknowledged by it (QoS 1, 2). */
  readonly sent: number;
  /** Refused when they were published. */
  readonly refused: number;
  /** Gone for want of room, by their topic's policy, or at the stop. */
  readonly dropped: number;
  /** Gone since a newer one of their topic came, by the policy `latest`. */
  readonly replaced: number;
  readonly expired: number;
  /** Kept, but refused by the broker for good: put aside. */
  readonly dead: number;
  /** Records of earlier runs that could not be read: put aside. */
  readonly damaged: number;
  /** Whether the disk fails, so that what waits does not outlive the program. */
  readonly isVolatile: boolean;
}

/** A failure with its time. */
export interface DatedFailure extends Failure {
  /** Unix milliseconds, by the unit's own time. */
  readonly atMs: number;
}
