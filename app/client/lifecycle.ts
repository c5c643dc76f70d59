import type { AnyActorRef } from 'xstate';
import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { LogDispatcher } from '../logging/log.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { Adapters } from '../platform.ts';
import { failureOfRoot, waitForEvent, waitForHandOver } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { UnitRecorder } from './recording.ts';
import type { Departure } from './restart.ts';
import type { Root } from './root.ts';
import type { Shutdown } from './shutdown.ts';

/**
 * Closes the link, and lets another process take over. A second call joins the one under way.
 *
 * @throws {ProcessError} The restart failed; the unit continues.
 * @throws {ClientError} `stopped` when a stop overtakes it: the program then does not go on in another process.
 */
export type Restart = (mode: RestartingMode) => Promise<void>;

/** Start, stop and restart of the unit. */
export interface Lifecycle {
  /** Starts the machines, once. They do nothing before a request. @throws {ClientError} `stopped`, `failed`, `options` */
  start(): void;
  /** Flushes the log, closes the link, and leaves nothing running. A second call waits for the first. */
  stop(): Promise<void>;
  /**
   * Makes a stopped unit ready for a new start, once the stop is over.
   *
   * @returns `undefined` when it is ready; else, for a stop under way, whether no other stop came until it was over.
   */
  reopen(): Promise<boolean> | undefined;
  readonly restart: Restart;
  /** Resolves at once, or when a unit whose root machine failed has let everything go. */
  afterFailure(): Promise<void>;
}

export interface LifecycleParts {
  readonly root: Root;
  readonly plane: DataPlane;
  readonly adapters: Adapters;
  readonly shutdown: Shutdown;
  readonly departure: Departure;
  /** Error that keeps the unit from starting. */
  readonly fault: ClientError | undefined;
  /** A warning to log at the start. */
  readonly warning: string | undefined;
  readonly recorder: Pick<UnitRecorder, 'restarting'> | undefined;
}

const doNothing = (): void => undefined;

/** Time limit of a whole stop, milliseconds. */
const stopWithinMs = 4_900;
/** Time limit for closing the link of a unit that failed, milliseconds. */
const linkWithinMs = 2_000;

/** Creates the check of the options: throws their fault, and logs it the first time. */
const createFaultCheck = (fault: ClientError | undefined, log: LogDispatcher) => {
  let isLogged = false;
  return (): void => {
    if (!fault) return;
    if (!isLogged) log.log(LogLevel.Critical, fault.message);
    isLogged = true;
    throw fault;
  };
};

/** Creates the exit of a unit that lost its parent: the next parent starts the unit again, and two would fight for the session. */
const createOrphanExit =
  ({ plane: { log }, adapters }: LifecycleParts, leave: Restart) =>
  () => {
    const gone = adapters.process.isSupervised
      ? 'The supervisor is gone, and the unit leaves. Start `pepeunit run` again.'
      : 'The process that restarted the unit is gone, and the unit leaves. Start the program again.';
    log.log(LogLevel.Critical, gone);
    leave('exit').catch((thrown: unknown) => log.log(LogLevel.Error, failureOf(thrown).message));
  };

const hung = (count: number): string =>
  `The event loop hung, and the supervisor ended and restarted the program (${count} since it runs). ` +
  'Look for a loop or a call that does not return.';

/** Watches the supervisor, and lets it watch. @returns Ends both. */
const watchHost = (parts: LifecycleParts, leave: Restart): (() => void) => {
  const { process } = parts.adapters;
  const endWatch = process.watchSupervisor(createOrphanExit(parts, leave));
  const endBeat = process.beat?.();
  return () => {
    endWatch();
    endBeat?.();
  };
};

/** Creates the stop of a unit. Its machine decides the order; for one that is not started, or has failed, it is the same. */
const createStop = ({ root, plane, shutdown, adapters: { clock } }: LifecycleParts) => {
  const { withTimeout } = createTimeouts(clock);

  const endMachines = async () => {
    const { actor } = root;
    if (!failureOfRoot(actor) && !actor.getSnapshot().matches({ lifecycle: 'stopped' })) {
      const stopped = waitForEvent(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      // The log has a failure of the root; the rest of the stop has to follow all the same.
      await Promise.allSettled([stopped]);
    }
    if (!failureOfRoot(actor)) return;
    shutdown.endWork(failureOfRoot(actor));
    // XState leaves the children of a failed machine running, with their timers and the link.
    for (const child of Object.values<AnyActorRef | undefined>(actor.getSnapshot().children))
      child?.send({ type: 'xstate.stop' });
    await withTimeout(plane.router.closed(), linkWithinMs);
  };

  return async (isStarted: boolean, stopWatching: () => void): Promise<void> => {
    const dueMs = clock.monotonic() + stopWithinMs;
    stopWatching();
    if (isStarted && root.actor.getSnapshot().status !== 'stopped') await endMachines();
    shutdown.endWork();
    await shutdown.release();
    // Cuts off what the machines still do, such as a download, which then cleans up.
    root.stop();
    await withTimeout(plane.backgroundEnded(), Math.max(0, dueMs - clock.monotonic()));
  };
};

/** The stops of a unit; what one has ended can begin again. */
const createStops = ({ root, shutdown }: LifecycleParts, stop: () => Promise<void>) => {
  let current: Promise<void> | undefined;
  let isOver = false;
  let count = 0;
  const end = async () => {
    await stop();
    isOver = true;
  };
  /** Does nothing for a unit that is not stopped, and for a root that failed: it stays so. */
  const reopen = () => {
    if (!isOver || failureOfRoot(root.actor)) return;
    current = undefined;
    isOver = false;
    shutdown.resume();
    root.renew();
  };
  const reopenAfter = async (ending: Promise<void>): Promise<boolean> => {
    const countBefore = count;
    await ending;
    if (count !== countBefore) return false;
    reopen();
    return true;
  };
  return {
    current: () => current,
    stop: () => {
      count += 1;
      return (current ??= end());
    },
    reopen: () => {
      if (current && !isOver) return reopenAfter(current);
      reopen();
      return undefined;
    },
  };
};

type Stops = ReturnType<typeof createStops>;

/** Creates the restart of the program. The unit machine decides the order; where none runs, it is the same. */
const createRestart = (
  { root, departure, recorder }: LifecycleParts,
  isStarted: () => boolean,
  stops: Stops,
): Restart => {
  const leave: Restart = async (mode) => {
    recorder?.restarting(mode);
    if (stops.current()) await stops.current();
    if (!isStarted()) return departure.leave(mode);
    root.actor.send({ type: 'unit.restart', mode });
    // A machine in the middle of a step takes the event right after it.
    await Promise.resolve();
    await waitForHandOver(root.actor);
    await departure.outcome();
  };
  let underWay: Promise<void> | undefined;
  return (mode) =>
    (underWay ??= leave(mode).finally(() => {
      underWay = undefined;
    }));
};

export const createLifecycle = (parts: LifecycleParts): Lifecycle => {
  const { root, plane, adapters, fault, warning } = parts;
  const { log, publisher } = plane;
  let isStarted = false;
  let stopWatching = doNothing;
  const checkFault = createFaultCheck(fault, log);
  const stop = createStop(parts);
  const stops = createStops(parts, async () => {
    await stop(isStarted, stopWatching);
    isStarted = false;
    stopWatching = doNothing;
  });
  const leave = createRestart(parts, () => isStarted, stops);

  /**
   * The supervisor starts the program again; elsewhere the app decides, by what was rejected, or by how the actor of its
   * statechart ended.
   */
  const leaveAfterFailure = async () => {
    await stops.stop();
    if (adapters.process.isSupervised && !root.isEmbedded) await adapters.process.restart('exit');
  };
  const onRootFailure = (thrown: unknown) => {
    log.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}. The unit ends.`);
    leaveAfterFailure().catch((error: unknown) => log.log(LogLevel.Error, failureOf(error).message));
  };

  return {
    start: () => {
      const failure = failureOfRoot(root.actor);
      if (failure) throw failure;
      if (stops.current())
        throw new ClientError('stopped', 'The client was stopped. Start it again with runMainCycle().');
      checkFault();
      if (isStarted) return;
      isStarted = true;
      if (warning !== undefined) log.log(LogLevel.Warning, warning);
      if (adapters.process.hangs?.isCause === true) log.log(LogLevel.Error, hung(adapters.process.hangs.count));
      stopWatching = watchHost(parts, leave);
      root.actor.subscribe({ error: onRootFailure });
      root.start();
      void publisher.open();
    },
    stop: stops.stop,
    reopen: stops.reopen,
    restart: async (mode) => {
      adapters.process.checkRestart?.(mode);
      await leave(mode);
    },
    afterFailure: async () => (failureOfRoot(root.actor) ? stops.current() : undefined),
  };
};
