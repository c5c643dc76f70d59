import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { Journal } from '../logging/log.ts';
import { createWaits } from '../messaging/timeout.ts';
import { outcomeOf } from './await-event.ts';
import type { InFlight } from './in-flight.ts';
import { createRestart, type Restart, type RestartParts } from './restart.ts';

/** Turns the unit's machines on and off. */
export interface Power {
  /** Starts the machines, once; they do nothing until asked. @throws {ClientError} `stopped`, `options` */
  on(): void;
  /** Flushes the log, closes the link, and leaves nothing running. */
  off(): Promise<void>;
  readonly restart: Restart;
}

export interface PowerParts extends RestartParts {
  readonly inFlight: InFlight;
  /** Why the unit must not start. */
  readonly fault: ClientError | undefined;
}

const noWatch = (): void => undefined;

/** How long a stop may take in all, milliseconds; a disk that hangs gets what the link has left of it. */
const stopWithinMs = 4_900;

/** Throws what is wrong, if anything is, and tells it in the log, once. */
const refusal = (fault: ClientError | undefined, journal: Journal) => {
  let isTold = false;
  return (): void => {
    if (!fault) return;
    if (!isTold) journal.log(LogLevel.Critical, fault.message);
    isTold = true;
    throw fault;
  };
};

export const createPower = (parts: PowerParts): Power => {
  const { actor, plane, cycle, inFlight, adapters, fault } = parts;
  const { inbox, journal, publisher } = plane;
  const { clock } = adapters;
  const waits = createWaits(clock);
  let isOn = false;
  let endWatch = noWatch;
  let stopping: Promise<void> | undefined;
  const restart = createRestart(parts);
  const refuse = refusal(fault, journal);

  actor.subscribe({
    error: (thrown) => journal.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}`),
  });

  /** A new supervisor starts its own unit: two of one unit would fight for the session. */
  const leave = () => {
    journal.log(LogLevel.Critical, 'The supervisor is gone, and the unit leaves. Start `pepeunit run` again.');
    restart('exit').catch((thrown: unknown) => journal.log(LogLevel.Error, failureOf(thrown).message));
  };

  /** The publisher takes no more messages from now on, and what the log has yet to publish goes there first. */
  const writeOut = async (withinMs: number) => {
    const flushed = waits.inTime(journal.flush(), withinMs);
    await publisher.stop(withinMs);
    await flushed;
  };

  const stop = async () => {
    const dueMs = clock.monotonic() + stopWithinMs;
    endWatch();
    cycle.stop();
    inFlight.giveUp();
    if (isOn && actor.getSnapshot().status === 'active') {
      const stopped = outcomeOf(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      // A root that fails meanwhile is told of in the log; what follows has to happen all the same.
      await Promise.allSettled([stopped]);
    }
    inbox.stop();
    await writeOut(Math.max(0, dueMs - clock.monotonic()));
    actor.stop();
  };

  return {
    on: () => {
      if (stopping) throw new ClientError('stopped', 'The client was stopped. Make a new one.');
      refuse();
      if (isOn) return;
      isOn = true;
      if (adapters.process.isSupervised) endWatch = adapters.process.watchSupervisor(leave);
      actor.start();
      void publisher.open();
    },
    off: () => (stopping ??= stop()),
    restart,
  };
};
