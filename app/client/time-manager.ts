import type { Clock } from '../../services/clock.ts';

/** The unit's time. */
export interface TimeManager {
  /** Reads the NTP server now. @returns Unix milliseconds. @throws {ClockError} */
  syncEpochMsFromNtp(): Promise<number>;
  /** Unix milliseconds: after a sync off a clock that never jumps, before it the host's. */
  getEpochMs(): number;
}

/** From when on a host's clock is believed before the first sync: no unit ran earlier. */
const trustedSinceMs = Date.UTC(2026, 0, 1);

/** Keeps how far real time is ahead of the monotonic clock. */
export interface Epoch {
  setOffset(offsetMs: number): void;
  epochMs(): number;
  /** `undefined` while the host's clock is all there is and it can't be right. */
  trustedEpochMs(): number | undefined;
}

export const createEpoch = (clock: Clock): Epoch => {
  let offset: number | undefined;
  const epochMs = () => (offset === undefined ? clock.now() : Math.round(clock.monotonic() + offset));
  return {
    setOffset: (offsetMs) => {
      offset = offsetMs;
    },
    epochMs,
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
