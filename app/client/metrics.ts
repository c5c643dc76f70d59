import type { LogLine, UnitCounts } from '../../machines/unit.ts';
import type { DatedFailure, InboxMetrics, OutboxMetrics } from '../../services/metrics.ts';
import type { Adapters } from '../platform.ts';
import type { DataPlane } from './data-plane.ts';
import type { Epoch } from './api/time-manager.ts';

/** Result of {@link UnitClient.metrics}: counts since the client was created, and the current state. */
export interface UnitMetrics extends UnitCounts {
  /** Time since the client was created, milliseconds. */
  readonly uptimeMs: number;
  /** Real time minus the host's clock, milliseconds; `undefined` before the first sync. */
  readonly clockOffsetMs?: number;
  /** How often `pepeunit run` has started the unit again because its event loop hung. */
  readonly hangs: number;
  /** Counts of the messages for the input handler. */
  readonly inbox: InboxMetrics;
  /** Counts of the messages to publish. */
  readonly outbox: OutboxMetrics;
  /** The newest failure in the log. */
  readonly lastFailure?: DatedFailure;
}

/** Reads a unit's metrics on request, from its machines and its data plane; nothing polls. */
export interface Metrics {
  read(): UnitMetrics;
  /** Stores the failure of a log line as the last one. */
  note(line: LogLine): void;
}

/** @param counts Reads the machines' counters. */
export const createMetrics = (
  { clock, process }: Pick<Adapters, 'clock' | 'process'>,
  epoch: Epoch,
  { inbox, publisher }: DataPlane,
  counts: () => UnitCounts,
): Metrics => {
  const createdMs = clock.monotonic();
  let lastFailure: DatedFailure | undefined;
  return {
    read: () => {
      const clockOffsetMs = epoch.hostOffsetMs();
      return {
        ...counts(),
        uptimeMs: Math.round(clock.monotonic() - createdMs),
        ...(clockOffsetMs !== undefined && { clockOffsetMs }),
        hangs: process.hangs?.count ?? 0,
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
