import type { RestartingMode } from '../../services/process-control.ts';
import type { Adapters } from '../platform.ts';
import { createWaits } from '../messaging/timeout.ts';
import type { Cycle } from './main-cycle.ts';
import type { DataPlane } from './data-plane.ts';
import { outcomeOf } from './await-event.ts';
import type { UnitActor } from './machines.ts';

/** Leaves the link, and lets another process take over. @throws {ProcessError} The unit then goes on. */
export type Restart = (mode: RestartingMode) => Promise<void>;

export interface RestartParts {
  readonly actor: UnitActor;
  readonly plane: DataPlane;
  readonly cycle: Cycle;
  readonly adapters: Adapters;
}

/** How long a log may hold a restart up, milliseconds. */
const flushWithinMs = 5_000;

export const createRestart = ({ actor, plane, cycle, adapters }: RestartParts): Restart => {
  const waits = createWaits(adapters.clock);
  /** @returns Whether there was a link to leave. */
  const disconnect = async (): Promise<boolean> => {
    if (!plane.publisher.isAttached()) return false;
    const done = outcomeOf(actor, ['disconnected'], []);
    actor.send({ type: 'mqtt.disconnect' });
    await done;
    return true;
  };

  return async (mode) => {
    cycle.pause();
    await waits.inTime(plane.journal.flush(), flushWithinMs);
    const hadLink = await disconnect();
    await plane.publisher.release();
    try {
      await adapters.process.restart(mode);
    } catch (thrown) {
      cycle.resume();
      void plane.publisher.open();
      if (hadLink) actor.send({ type: 'mqtt.connect' });
      throw thrown;
    }
  };
};
