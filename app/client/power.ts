import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { Adapters } from '../platform.ts';
import type { Cycle } from './cycle.ts';
import type { DataPlane } from './data-plane.ts';
import { outcomeOf } from './requests.ts';
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

export const createPower = (actor: UnitActor, plane: DataPlane, cycle: Cycle, adapters: Adapters): Power => {
  const { journal, publisher } = plane;
  let isOn = false;
  let stopping: Promise<void> | undefined;

  actor.subscribe({
    error: (thrown) => journal.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}`),
  });

  const disconnect = async () => {
    if (!publisher.isAttached()) return;
    const done = outcomeOf(actor, ['disconnected'], []);
    actor.send({ type: 'mqtt.disconnect' });
    await done;
  };

  const stop = async () => {
    cycle.stop();
    if (isOn && actor.getSnapshot().status === 'active') {
      const stopped = outcomeOf(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      await stopped;
    }
    publisher.stop();
    await journal.flush();
    actor.stop();
  };

  return {
    on: () => {
      if (stopping) throw new ClientError('stopped', 'The client was stopped. Make a new one.');
      isOn = true;
      actor.start();
    },
    off: () => (stopping ??= stop()),
    restart: async (mode) => {
      cycle.stop();
      await journal.flush();
      await disconnect();
      try {
        await adapters.process.restart(mode);
      } catch (thrown) {
        cycle.resume();
        actor.send({ type: 'mqtt.connect' });
        throw thrown;
      }
    },
  };
};
