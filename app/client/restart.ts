import type { RestartingMode } from '../../services/process-control.ts';
import type { Holdings } from '../../services/shutdown.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Adapters } from '../platform.ts';
import { keepPending, waitForChild } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Root } from './root.ts';

/** What a program does to leave for another process; the unit machine says when. */
export interface Departure extends Holdings {
  /** Waits until a version is in place as a whole; the update machine bounds the time. */
  filesInPlace(): Promise<void>;
  /** Writes out what was logged. */
  flush(): Promise<void>;
  /** Lets another process take over; resolves where this one stays, and only forwards to it. @throws {ProcessError} */
  restart(mode: RestartingMode): Promise<void>;
  /** Takes up again what was let go. */
  resume(): void;
  /** Settles as the last restart of the program did, which is never where it succeeded. @throws {ProcessError} */
  outcome(): Promise<void>;
  /** Leaves without the unit machine, which is not started or has ended. @throws {ProcessError} */
  leave(mode: RestartingMode): Promise<void>;
}

export interface DepartureParts {
  readonly root: () => Root;
  readonly plane: DataPlane;
  readonly adapters: Pick<Adapters, 'clock' | 'process'>;
}

/** States of the update machine in which files move: a program that starts then would load some of two versions. */
const movesFiles = (state: unknown): boolean => state === 'swapping' || state === 'rollingBack';

/** Time limit for flushing the log without the unit machine, milliseconds. */
const flushWithinMs = 5_000;

export const createDeparture = ({ root, plane, adapters: { clock, process } }: DepartureParts): Departure => {
  const { inbox, log, publisher } = plane;
  let outcome = Promise.resolve();

  /** The unit continues in another process, and this one only forwards to it. */
  const forsake = () => {
    inbox.stop();
    log.stopCounting();
    void publisher.stop();
    keepPending(root().actor);
    root().leave();
  };

  const replace = async (mode: RestartingMode, onReplaced: () => void): Promise<void> => {
    // Where no other program can be started, this one can still end.
    if (mode !== 'exit') process.checkRestart?.(mode);
    await process.restart(mode, () => {
      forsake();
      onReplaced();
    });
  };

  const departure: Departure = {
    filesInPlace: async () => {
      await waitForChild(root().actor, 'update', ({ value }) => !movesFiles(value));
    },
    flush: () => {
      log.tellCounted();
      return log.flush();
    },
    release: () => publisher.release(),
    restart: (mode) =>
      new Promise((resolve, reject) => {
        outcome = replace(mode, resolve);
        outcome.then(resolve, reject);
      }),
    resume: () => void publisher.open(),
    outcome: () => outcome,
    leave: async (mode) => {
      await createTimeouts(clock).withTimeout(departure.flush(), flushWithinMs);
      await departure.release();
      try {
        await departure.restart(mode);
      } catch (thrown) {
        departure.resume();
        throw thrown;
      }
    },
  };
  return departure;
};
