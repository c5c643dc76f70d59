import type { Clock } from '../../../services/clock.ts';

/** The unit's time. */
export interface TimeManager {
  /**
   * Reads the NTP server now.
   *
   * @returns Unix milliseconds.
   * @throws {ClockError} No usable answer came; time goes on as before.
   * @example
   * const now = await client.timeManager.syncEpochMsFromNtp();
   */
  syncEpochMsFromNtp(): Promise<number>;
  /**
   * Unix milliseconds: before the first sync the host's, after it off a clock that never jumps, so that only a sync which
   * finds it more than a second ahead sets it back.
   *
   * @example
   * const now = new Date(client.timeManager.getEpochMs());
   */
  getEpochMs(): number;
}

/** From when on a host's clock is believed before the first sync: no unit ran earlier. */
const trustedSinceMs = Date.UTC(2026, 0, 1);

/** How far a sync may set time back without being seen, milliseconds: time stands still until it is made up for. */
const maxStillMs = 1000;

/** Keeps how far real time is ahead of the monotonic clock. */
export interface Epoch {
  setOffset(offsetMs: number): void;
  epochMs(): number;
  /** How far real time is ahead of the host's; `undefined` before the first sync. */
  hostOffsetMs(): number | undefined;
  /** `undefined` while the host's clock is all there is and it can't be right. */
  trustedEpochMs(): number | undefined;
}

export const createEpoch = (clock: Clock): Epoch => {
  let offset: number | undefined;
  let latest = Number.NEGATIVE_INFINITY;
  const epochMs = () => {
    if (offset === undefined) return clock.now();
    const now = Math.round(clock.monotonic() + offset);
    if (now >= latest || latest - now > maxStillMs) latest = now;
    return latest;
  };
  return {
    setOffset: (offsetMs) => {
      offset = offsetMs;
    },
    epochMs,
    hostOffsetMs: () => (offset === undefined ? undefined : epochMs() - clock.now()),
    trustedEpochMs: () => (offset === undefined && clock.now() < trustedSinceMs ? undefined : epochMs()),
  };
};

export const createTimeManager = (epoch: Epoch, sync: () => Promise<void>): TimeManager => ({
  syncEpochMsFromNtp: async () => {
    await sync();
    return epoch.epochMs();
  },
  getEpochMs: () => epoch.epochMs(),
});
