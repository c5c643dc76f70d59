import type { LogLine, UnitCounts } from '../../machines/unit.ts';
import type { Clock } from '../../services/clock.ts';
import type { DatedFailure, InboxMetrics, OutboxMetrics } from '../../services/metrics.ts';
import type { DataPlane } from './data-plane.ts';
import type { Epoch } from './api/time-manager.ts';

/** What {@link UnitClient.metrics} reads: counts since the unit was made, and how things are now. */
export interface UnitMetrics extends UnitCounts {
  /** Time since the unit was made, milliseconds. */
  readonly uptimeMs: number;
  /** How far real time is ahead of the host's clock, milliseconds; `undefined` before the first sync. */
  readonly clockOffsetMs?: number;
  readonly inbox: InboxMetrics;
  readonly outbox: OutboxMetrics;
  /** The newest failure in the log. */
  readonly lastFailure?: DatedFailure;
}

/** Reads a unit's metrics from its machines and its data plane when asked; nothing polls them. */
export interface Metrics {
  read(): UnitMetrics;
  /** Keeps the failure of a log line as the last one. */
  note(line: LogLine): void;
}

/** @param counts Reads what the machines have counted. */
export const createMetrics = (
  clock: Clock,
  epoch: Epoch,
  { inbox, publisher }: DataPlane,
  counts: () => UnitCounts,
): Metrics => {
  const madeAt = clock.monotonic();
  let lastFailure: DatedFailure | undefined;
  return {
    read: () => {
      const clockOffsetMs = epoch.hostOffsetMs();
      return {
        ...counts(),
        uptimeMs: Math.round(clock.monotonic() - madeAt),
        ...(clockOffsetMs !== undefined && { clockOffsetMs }),
        inbox: inbox.metrics(),
        outbox: publisher.metrics(),
        ...(lastFailure && { lastFailure }),
      };
    },
    note: ({ failure }) => {
      if (failure) lastFailure = { ...failure, atMs: epoch.epochMs() };
    },
  };
};
