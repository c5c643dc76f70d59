import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { Adapters } from '../platform.ts';
import type { Cycle } from './cycle.ts';
import type { DataPlane } from './data-plane.ts';
import { outcomeOf } from './requests.ts';
import type { InFlight } from './in-flight.ts';
import type { UnitActor } from './root.ts';

/** Turns the unit's machines on and off. */
export interface Power {
  /** Starts the machines, once; they do nothing until asked. @throws {ClientError} `stopped` */
  on(): void;
  /** Flushes the log, closes the link, and leaves nothing running. */
  off(): Promise<void>;
  /** Leaves the link, and lets another process take over. @throws {ProcessError} The unit then goes on. */
  restart(mode: RestartingMode): Promise<void>;
}

export interface PowerParts {
  readonly actor: UnitActor;
  readonly plane: DataPlane;
  readonly cycle: Cycle;
  readonly inFlight: InFlight;
  readonly adapters: Adapters;
}

export const createPower = ({ actor, plane, cycle, inFlight, adapters }: PowerParts): Power => {
  const { inbox, journal, publisher } = plane;
  let isOn = false;
  let stopping: Promise<void> | undefined;

  actor.subscribe({
    error: (thrown) => journal.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}`),
  });

  /** @returns Whether there was a link to leave. */
  const disconnect = async (): Promise<boolean> => {
    if (!publisher.isAttached()) return false;
    const done = outcomeOf(actor, ['disconnected'], []);
    actor.send({ type: 'mqtt.disconnect' });
    await done;
    return true;
  };

  const stop = async () => {
    cycle.stop();
    inFlight.giveUp();
    if (isOn && actor.getSnapshot().status === 'active') {
      const stopped = outcomeOf(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      await stopped;
    }
    inbox.stop();
    await journal.flush();
    await publisher.stop();
    actor.stop();
  };

  return {
    on: () => {
      if (stopping) throw new ClientError('stopped', 'The client was stopped. Make a new one.');
      isOn = true;
      actor.start();
      void publisher.open();
    },
    off: () => (stopping ??= stop()),
    restart: async (mode) => {
      cycle.pause();
      await journal.flush();
      const hadLink = await disconnect();
      try {
        await adapters.process.restart(mode);
      } catch (thrown) {
        cycle.resume();
        if (hadLink) actor.send({ type: 'mqtt.connect' });
        throw thrown;
      }
    },
  };
};
