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
export interface Epoch {
  setOffset(offsetMs: number): void;
  epochMs(): number;
  /** Real time minus the host's, milliseconds; `undefined` before the first sync. */
  hostOffsetMs(): number | undefined;
  /** Unix milliseconds; `undefined` before the first sync if the host's clock can't be right. */
  trustedEpochMs(): number | undefined;
  /** `undefined` before the first sync: the clock of the host may be wrong by days. */
  syncedEpochMs(): number | undefined;
}

export const createEpoch = (clock: Clock): Epoch => {
  let offset: number | undefined;
  let latest = Number.NEGATIVE_INFINITY;
  const epochMs = () => {
    if (offset === undefined) return clock.now();
    const now = Math.round(clock.monotonic() + offset);
    if (now >= latest || latest - now > maxHoldMs) latest = now;
    return latest;
  };
  return {
    setOffset: (offsetMs) => {
      offset = offsetMs;
    },
    epochMs,
    hostOffsetMs: () => (offset === undefined ? undefined : epochMs() - clock.now()),
    syncedEpochMs: () => (offset === undefined ? undefined : epochMs()),
    trustedEpochMs: () => (offset === undefined && clock.now() < trustedSinceMs ? undefined : epochMs()),
  };
};

export const createTimeManager = (epoch: Epoch, sync: () => Promise<boolean>): TimeManager => ({
  syncEpochMsFromNtp: async () => (await sync()) && epoch.epochMs(),
  getEpochMs: () => epoch.epochMs(),
});
