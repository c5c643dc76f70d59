import type { Holdings } from '../../services/shutdown.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Clock } from '../../services/clock.ts';
import type { DataPlane } from './data-plane.ts';
import type { InFlight } from './in-flight.ts';

export interface ShutdownParts {
  readonly plane: DataPlane;
  readonly inFlight: InFlight;
  readonly clock: Clock;
}

/** Time limit of a stop for all that it ends, milliseconds; a hanging disk gets the time that closing the link has left. */
const endWithinMs = 4_700;

/** What the stop of a unit ends and lets go, each once; the unit machine says when. */
export class Shutdown implements Holdings {
  readonly #parts: ShutdownParts;
  #dueMs: number | undefined;
  #released: Promise<void> | undefined;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /** Ends the calls of the app under way. @param reason Cause of their errors. */
  endWork(reason?: unknown): void {
    if (this.#dueMs !== undefined) return;
    this.#dueMs = this.#parts.clock.monotonic() + endWithinMs;
    this.#parts.inFlight.abort(reason);
  }

  release(): Promise<void> {
    const nowMs = this.#parts.clock.monotonic();
    return (this.#released ??= this.#putAway(Math.max(0, (this.#dueMs ?? nowMs + endWithinMs) - nowMs)));
  }

  /** Takes up again what a stop has let go. */
  resume(): void {
    const { inbox, log, publisher } = this.#parts.plane;
    this.#dueMs = undefined;
    if (!this.#released) return;
    this.#released = undefined;
    log.startCounting();
    inbox.start();
    publisher.start();
    void publisher.open();
  }

  /** Stops the publisher, after it has taken the log's last messages. */
  async #putAway(withinMs: number): Promise<void> {
    const { plane, clock } = this.#parts;
    plane.inbox.stop();
    plane.log.stopCounting();
    const flushed = createTimeouts(clock).withTimeout(plane.log.flush(), withinMs);
    await plane.publisher.stop(withinMs);
    await flushed;
  }
}
