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
export class Metrics {
  readonly #adapters: Pick<Adapters, 'clock' | 'process'>;
  readonly #epoch: Epoch;
  readonly #plane: DataPlane;
  readonly #counts: () => UnitCounts;
  readonly #createdMs: number;
  #lastFailure: DatedFailure | undefined;

  /** @param counts Reads the machines' counters. */
  constructor(adapters: Pick<Adapters, 'clock' | 'process'>, epoch: Epoch, plane: DataPlane, counts: () => UnitCounts) {
    this.#adapters = adapters;
    this.#epoch = epoch;
    this.#plane = plane;
    this.#counts = counts;
    this.#createdMs = adapters.clock.monotonic();
  }

  read(): UnitMetrics {
    const { clock, process } = this.#adapters;
    const clockOffsetMs = this.#epoch.hostOffsetMs();
    return {
      ...this.#counts(),
      uptimeMs: Math.round(clock.monotonic() - this.#createdMs),
      ...(clockOffsetMs !== undefined && { clockOffsetMs }),
      hangs: process.hangs?.count ?? 0,
      inbox: this.#plane.inbox.metrics(),
      outbox: this.#plane.publisher.metrics(),
      ...(this.#lastFailure && { lastFailure: this.#lastFailure }),
    };
  }

  /** Stores the failure of a log line as the last one. */
  note({ failure }: LogLine): void {
    if (failure) this.#lastFailure = { ...failure, atMs: this.#epoch.epochMs() };
  }
}
