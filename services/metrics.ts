import type { Failure } from './errors.ts';

/** Counts of the messages for the app's handler. */
export interface InboxMetrics {
  /** Messages that came in, commands included. */
  readonly received: number;
  /** Messages that were dropped for want of room, or as `dropInput()` asked for. */
  readonly dropped: number;
  /** Messages on topics that the unit has not subscribed to: dropped, and counted here alone. */
  readonly unsolicited: number;
  /** Messages in the queue now. */
  readonly waiting: number;
  /** How often the link paused so that the handler could catch up. */
  readonly pauses: number;
}

/** Counts of the messages to publish, including those left by earlier runs. */
export interface OutboxMetrics {
  /** Messages in the queue now. */
  readonly waiting: number;
  /** Payloads and topics in the queue now, bytes. */
  readonly waitingBytes: number;
  /** Messages that were sent and await an acknowledgement. */
  readonly sending: number;
  /** Messages that were queued at some time. */
  readonly queued: number;
  /** Written to the broker (QoS 0) or acknowledged by it (QoS 1, 2). */
  readonly sent: number;
  /** Refused at the call of publish. */
  readonly refused: number;
  /** Dropped by the full queue, by their topic's policy, or at the stop. */
  readonly dropped: number;
  /** Replaced by a newer message of their topic, by the policy `latest`. */
  readonly replaced: number;
  /** Messages that waited for longer than `outbox.ageMs`. */
  readonly expired: number;
  /** Refused by the broker for good and moved to the dead letters. */
  readonly dead: number;
  /** Unreadable records of earlier runs that were moved aside. */
  readonly damaged: number;
  /** Whether the disk fails, so that queued messages would not survive a restart. */
  readonly isVolatile: boolean;
}

/** A failure with its time. */
export interface DatedFailure extends Failure {
  /** Unix milliseconds, by the unit's own time. */
  readonly atMs: number;
}
