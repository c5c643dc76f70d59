import type { Holdings } from '../../services/shutdown.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Clock } from '../../services/clock.ts';
import type { DataPlane } from './data-plane.ts';
import type { InFlight } from './in-flight.ts';

/** What the stop of a unit ends and lets go, each once; the unit machine says when. */
export interface Shutdown extends Holdings {
  /** Ends the calls of the app under way. @param reason Cause of their errors. */
  endWork(reason?: unknown): void;
  /** Takes up again what a stop has let go. */
  resume(): void;
}

export interface ShutdownParts {
  readonly plane: DataPlane;
  readonly inFlight: InFlight;
  readonly clock: Clock;
}

/** Time limit of a stop for all that it ends, milliseconds; a hanging disk gets the time that closing the link has left. */
const endWithinMs = 4_700;

export const createShutdown = ({ plane, inFlight, clock }: ShutdownParts): Shutdown => {
  const { inbox, log, publisher } = plane;
  const { withTimeout } = createTimeouts(clock);
  let dueMs: number | undefined;
  let released: Promise<void> | undefined;

  /** Stops the publisher, after it has taken the log's last messages. */
  const putAway = async (withinMs: number) => {
    inbox.stop();
    log.stopCounting();
    const flushed = withTimeout(log.flush(), withinMs);
    await publisher.stop(withinMs);
    await flushed;
  };

  return {
    endWork: (reason) => {
      if (dueMs !== undefined) return;
      dueMs = clock.monotonic() + endWithinMs;
      inFlight.abort(reason);
    },
    release: () => {
      const nowMs = clock.monotonic();
      return (released ??= putAway(Math.max(0, (dueMs ?? nowMs + endWithinMs) - nowMs)));
    },
    resume: () => {
      dueMs = undefined;
      if (!released) return;
      released = undefined;
      log.startCounting();
      inbox.start();
      publisher.start();
      void publisher.open();
    },
  };
};
