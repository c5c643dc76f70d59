import type { LogLine } from '../../machines/unit.ts';
import type { Clock } from '../../services/clock.ts';
import type { DatedFailure, UnitMeasures } from '../../services/metrics.ts';
import type { DataPlane } from './data-plane.ts';
import type { Epoch } from './api/time-manager.ts';

/** What is told of the unit besides what its machines count. */
export interface Measures {
  read(): UnitMeasures;
  /** Keeps what went wrong, where a line of the log is about that. */
  note(line: LogLine): void;
}

export const createMeasures = (clock: Clock, epoch: Epoch, { inbox, publisher }: DataPlane): Measures => {
  const madeAt = clock.monotonic();
  let lastFailure: DatedFailure | undefined;
  return {
    read: () => {
      const clockOffsetMs = epoch.hostOffsetMs();
      return {
        uptimeMs: Math.round(clock.monotonic() - madeAt),
        ...(clockOffsetMs !== undefined && { clockOffsetMs }),
        inbox: inbox.figures(),
        outbox: publisher.figures(),
        ...(lastFailure && { lastFailure }),
      };
    },
    note: ({ failure }) => {
      if (failure) lastFailure = { ...failure, atMs: epoch.epochMs() };
    },
  };
};
