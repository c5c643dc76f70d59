import type { RestartingMode } from '../../services/process-control.ts';
import type { Holdings } from '../../services/shutdown.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Adapters } from '../platform.ts';
import { keepPending, waitForChild } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Root } from './root.ts';

export interface DepartureParts {
  readonly root: () => Root;
  readonly plane: DataPlane;
  readonly adapters: Pick<Adapters, 'clock' | 'process'>;
}

/** States of the update machine in which files move: a program that starts then would load some of two versions. */
const movesFiles = (state: unknown): boolean => state === 'swapping' || state === 'rollingBack';

/** Time limit for flushing the log without the unit machine, milliseconds. */
const flushWithinMs = 5_000;

/** What a program does to leave for another process; the unit machine says when. */
export class Departure implements Holdings {
  readonly #parts: DepartureParts;
  #outcome: Promise<void> | undefined;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  /** Waits until a version is in place as a whole; the update machine bounds the time. */
  async filesInPlace(): Promise<void> {
    await waitForChild(this.#parts.root().actor, 'update', ({ value }) => !movesFiles(value));
  }

  /** Writes out what was logged. */
  flush(): Promise<void> {
    const { log } = this.#parts.plane;
    log.tellCounted();
    return log.flush();
  }

  release(): Promise<void> {
    return this.#parts.plane.publisher.release();
  }

  /** Lets another process take over; resolves where this one stays, and only forwards to it. @throws {ProcessError} */
  restart(mode: RestartingMode): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#outcome = this.#replace(mode, resolve);
      this.#outcome.then(resolve, reject);
    });
  }

  /** Takes up again what was let go. */
  resume(): void {
    void this.#parts.plane.publisher.open();
  }

  /** Settles as the last restart of the program did, which is never where it succeeded. @throws {ProcessError} */
  async outcome(): Promise<void> {
    await this.#outcome;
  }

  /** Leaves without the unit machine, which is not started or has ended. @throws {ProcessError} */
  async leave(mode: RestartingMode): Promise<void> {
    await createTimeouts(this.#parts.adapters.clock).withTimeout(this.flush(), flushWithinMs);
    await this.release();
    try {
      await this.restart(mode);
    } catch (thrown) {
      this.resume();
      throw thrown;
    }
  }

  async #replace(mode: RestartingMode, onReplaced: () => void): Promise<void> {
    const { process } = this.#parts.adapters;
    // Where no other program can be started, this one can still end.
    if (mode !== 'exit') process.checkRestart?.(mode);
    await process.restart(mode, () => {
      this.#forsake();
      onReplaced();
    });
  }

  /** The unit continues in another process, and this one only forwards to it. */
  #forsake(): void {
    const { root, plane } = this.#parts;
    plane.inbox.stop();
    plane.log.stopCounting();
    void plane.publisher.stop();
    keepPending(root().actor);
    root().leave();
  }
}
