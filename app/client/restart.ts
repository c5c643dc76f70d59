import type { RestartingMode } from '../../services/process-control.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Adapters } from '../platform.ts';
import { keepPending, stopped, waitForChild, waitForEvent, type UnitActor } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Root } from './root.ts';

/**
 * Closes the link, and lets another process take over. A second call joins the one under way.
 *
 * @throws {ProcessError} The restart failed; the unit continues.
 * @throws {ClientError} `stopped` when a stop overtakes it: the program then does not go on in another process.
 */
export type Restart = (mode: RestartingMode) => Promise<void>;

export interface RestartParts {
  readonly root: Root;
  readonly plane: DataPlane;
  readonly adapters: Adapters;
  /** Called when a restart begins. @defaultValue none */
  readonly onRestart?: ((mode: RestartingMode) => void) | undefined;
}

/** Time limit for flushing the log before a restart, milliseconds. */
const flushWithinMs = 5_000;

/** Time limit for closing the link before a restart, milliseconds. */
const disconnectWithinMs = 5_000;

/** States of the update machine in which files move: a program that starts then would load some of two versions. */
const movesFiles = (state: unknown): boolean => state === 'swapping' || state === 'rollingBack';

/** Whether the unit is stopped, or about to be. */
const hasEnded = (actor: UnitActor): boolean => {
  const now = actor.getSnapshot();
  return now.status !== 'active' || now.matches({ lifecycle: 'closing' }) || now.matches({ lifecycle: 'stopped' });
};

const isActive = (actor: UnitActor): boolean => actor.getSnapshot().status === 'active';

export const createRestart = ({ root, plane, adapters, onRestart }: RestartParts): Restart => {
  const { withTimeout } = createTimeouts(adapters.clock);
  /** @returns Whether there was a link to close. */
  const disconnect = async (): Promise<boolean> => {
    if (!plane.publisher.isAttached()) return false;
    const done = waitForEvent(root.actor, ['disconnected'], [], { asked: 'mqtt' });
    root.actor.send({ type: 'mqtt.disconnect' });
    // A link whose machine is off is closed; one that the app wants again meanwhile does not hold the restart up.
    await withTimeout(Promise.allSettled([done]), disconnectWithinMs);
    return true;
  };
  /** The unit continues in another process, and this one only forwards to it. */
  const onReplaced = () => {
    plane.inbox.stop();
    plane.log.stopCounting();
    void plane.publisher.stop();
    keepPending(root.actor);
    root.leave();
  };

  /** Waits until a version is in place as a whole; the update machine bounds the time. */
  const filesInPlace = async (): Promise<void> => {
    const placed = waitForChild(root.actor, 'update', ({ value }) => !movesFiles(value));
    // A machine that is off moves nothing.
    await Promise.allSettled([placed]);
  };

  const restart: Restart = async (mode) => {
    const { actor } = root;
    const wasEnded = hasEnded(actor);
    onRestart?.(mode);
    await filesInPlace();
    if (isActive(actor)) actor.send({ type: 'cycle.pause' });
    plane.log.tellCounted();
    await withTimeout(plane.log.flush(), flushWithinMs);
    const hadLink = await disconnect();
    await plane.publisher.release();
    if (!wasEnded && hasEnded(actor)) throw stopped();
    try {
      await adapters.process.restart(mode, onReplaced);
    } catch (thrown) {
      if (isActive(actor)) actor.send({ type: 'cycle.resume' });
      void plane.publisher.open();
      if (hadLink) root.actor.send({ type: 'mqtt.connect' });
      throw thrown;
    }
  };

  let underWay: Promise<void> | undefined;
  return (mode) =>
    (underWay ??= restart(mode).finally(() => {
      underWay = undefined;
    }));
};
