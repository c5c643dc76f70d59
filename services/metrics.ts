import { fromPromise } from 'xstate';
import type { Failure } from './errors.ts';

/** How the messages for the app's handler stand. */
export interface InboxFigures {
  readonly received: number;
  readonly dropped: number;
  /** Messages that wait now. */
  readonly waiting: number;
  /** How often the link had to pause, for the handler to catch up. */
  readonly pauses: number;
}

/** How the messages of this run, and those that earlier runs left, have fared. */
export interface OutboxFigures {
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

/** A failure, and when it was. */
export interface DatedFailure extends Failure {
  /** Unix milliseconds, by the unit's own time. */
  readonly atMs: number;
}

/** What can be told of a unit besides what its machines count. */
export interface UnitMeasures {
  /** Since the unit was made, milliseconds. */
  readonly uptimeMs: number;
  /** How far real time is ahead of the host's clock, milliseconds; `undefined` before the first sync. */
  readonly clockOffsetMs?: number;
  readonly inbox: InboxFigures;
  readonly outbox: OutboxFigures;
  /** The last thing that went wrong and was told in the log. */
  readonly lastFailure?: DatedFailure;
}

/** Reads the unit's figures, for the unit machine's `readFigures`. */
export const readFigures = (read: () => UnitMeasures) => fromPromise<UnitMeasures>(async () => read());
export type ReadFigures = ReturnType<typeof readFigures>;
