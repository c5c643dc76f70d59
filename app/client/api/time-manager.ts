import type { Clock } from '../../../services/clock.ts';

/** The unit's time. */
export interface TimeManager {
  /**
   * Syncs the time with the NTP server now. Starts the unit if need be.
   *
   * @returns Unix milliseconds; `false` when no usable answer came. The time continues as before then, and a warning is logged.
   * @throws {ClientError} The client was stopped, or an option is invalid.
   * @example
   * const isSynced = (await client.timeManager.syncEpochMsFromNtp()) !== false;
   */
  syncEpochMsFromNtp(): Promise<number | false>;
  /**
   * Reads the time, Unix milliseconds. Before the first sync it is the host's. After it, it follows a monotonic clock:
   * only a sync that finds it more than a second ahead sets it back.
   *
   * @example
   * const now = new Date(client.timeManager.getEpochMs());
   */
  getEpochMs(): number;
}

/** Earliest time of the host's clock that is believed before a sync; no unit ran before it. */
const trustedSinceMs = Date.UTC(2026, 0, 1);

/** Largest correction backwards without a jump, milliseconds: the time stands still until it has caught up. */
const maxHoldMs = 1000;

/** The unit's time: the monotonic clock plus the offset of the last sync. */
export class Epoch {
  readonly #clock: Clock;
  #offset: number | undefined;
  #latest = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  setOffset(offsetMs: number): void {
    this.#offset = offsetMs;
  }

  epochMs(): number {
    if (this.#offset === undefined) return this.#clock.now();
    const now = Math.round(this.#clock.monotonic() + this.#offset);
    if (now >= this.#latest || this.#latest - now > maxHoldMs) this.#latest = now;
    return this.#latest;
  }

  /** Real time minus the host's, milliseconds; `undefined` before the first sync. */
  hostOffsetMs(): number | undefined {
    return this.#offset === undefined ? undefined : this.epochMs() - this.#clock.now();
  }

  /** `undefined` before the first sync: the clock of the host may be wrong by days. */
  syncedEpochMs(): number | undefined {
    return this.#offset === undefined ? undefined : this.epochMs();
  }

  /** Unix milliseconds; `undefined` before the first sync if the host's clock can't be right. */
  trustedEpochMs(): number | undefined {
    return this.#offset === undefined && this.#clock.now() < trustedSinceMs ? undefined : this.epochMs();
  }
}

export const createTimeManager = (epoch: Epoch, sync: () => Promise<boolean>): TimeManager => ({
  syncEpochMsFromNtp: async () => (await sync()) && epoch.epochMs(),
  getEpochMs: () => epoch.epochMs(),
});
