import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { LogDispatcher } from '../logging/log.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Adapters } from '../platform.ts';
import { waitForEvent, stopSilently, type UnitActor } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Cycle } from './main-cycle.ts';

/** Calls of the app under way, which end early only when the unit stops. */
export interface InFlight {
  /** Returns a signal for a new call, which aborts when the unit stops. */
  signal(): AbortSignal;
  /** Aborts every call under way. */
  abort(): void;
}

export const createInFlight = (): InFlight => {
  let controller = new AbortController();
  return {
    signal: () => controller.signal,
    abort: () => {
      controller.abort();
      controller = new AbortController();
    },
  };
};

/** Start, stop and restart of the unit. */
export interface Lifecycle {
  /** Starts the machines, once. They do nothing before a request. @throws {ClientError} `stopped`, `options` */
  start(): void;
  /** Flushes the log, closes the link, and leaves nothing running. A second call waits for the first. */
  stop(): Promise<void>;
  /** Closes the link, and lets another process take over. @throws {ProcessError} The restart failed; the unit continues. */
  restart(mode: RestartingMode): Promise<void>;
}

export interface LifecycleParts {
  readonly actor: UnitActor;
  readonly plane: DataPlane;
  readonly cycle: Cycle;
  readonly inFlight: InFlight;
  readonly adapters: Adapters;
  /** Error that keeps the unit from starting. */
  readonly fault: ClientError | undefined;
  /** A warning to log at the start. */
  readonly warning: string | undefined;
}

const doNothing = (): void => undefined;

/** Time limit of a whole stop, milliseconds; a hanging disk gets the time that closing the link has left. */
const stopWithinMs = 4_900;
/** Time limit for flushing the log before a restart, milliseconds. */
const flushWithinMs = 5_000;

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

const createRestart = ({ actor, plane, cycle, adapters }: LifecycleParts): Lifecycle['restart'] => {
  const { withTimeout } = createTimeouts(adapters.clock);
  /** @returns Whether there was a link to close. */
  const disconnect = async (): Promise<boolean> => {
    if (!plane.publisher.isAttached()) return false;
    const done = waitForEvent(actor, ['disconnected'], []);
    actor.send({ type: 'mqtt.disconnect' });
    await done;
    return true;
  };
  /** The unit continues in another process, and this one only forwards to it. */
  const onReplaced = () => {
    plane.inbox.stop();
    void plane.publisher.stop();
    stopSilently(actor);
  };

  return async (mode) => {
    cycle.pause();
    await withTimeout(plane.log.flush(), flushWithinMs);
    const hadLink = await disconnect();
    await plane.publisher.release();
    try {
      await adapters.process.restart(mode, onReplaced);
    } catch (thrown) {
      cycle.resume();
      void plane.publisher.open();
      if (hadLink) actor.send({ type: 'mqtt.connect' });
      throw thrown;
    }
  };
};

/** Creates the exit of a unit that lost its parent: the next parent starts the unit again, and two would fight for the session. */
const createOrphanExit =
  ({ plane: { log }, adapters }: LifecycleParts, leave: Lifecycle['restart']) =>
  () => {
    const gone = adapters.process.isSupervised
      ? 'The supervisor is gone, and the unit leaves. Start `pepeunit run` again.'
      : 'The process that restarted the unit is gone, and the unit leaves. Start the program again.';
    log.log(LogLevel.Critical, gone);
    leave('exit').catch((thrown: unknown) => log.log(LogLevel.Error, failureOf(thrown).message));
  };

export const createLifecycle = (parts: LifecycleParts): Lifecycle => {
  const { actor, plane, cycle, inFlight, adapters, fault, warning } = parts;
  const { inbox, log, publisher } = plane;
  const { clock } = adapters;
  const { withTimeout } = createTimeouts(clock);
  let isStarted = false;
  let stopWatching = doNothing;
  let stopping: Promise<void> | undefined;
  const leave = createRestart(parts);
  const restart: Lifecycle['restart'] = async (mode) => {
    adapters.process.checkRestart?.(mode);
    await leave(mode);
  };
  const checkFault = createFaultCheck(fault, log);

  actor.subscribe({
    error: (thrown) => log.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}`),
  });

  /** Stops the publisher, after it has taken the log's last messages. */
  const flushAll = async (withinMs: number) => {
    const flushed = withTimeout(log.flush(), withinMs);
    await publisher.stop(withinMs);
    await flushed;
  };

  const stop = async () => {
    const dueMs = clock.monotonic() + stopWithinMs;
    stopWatching();
    cycle.stop();
    inFlight.abort();
    if (isStarted && actor.getSnapshot().status === 'active') {
      const stopped = waitForEvent(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      // The log has a failure of the root; the rest of the stop has to follow all the same.
      await Promise.allSettled([stopped]);
    }
    inbox.stop();
    await flushAll(Math.max(0, dueMs - clock.monotonic()));
    actor.stop();
  };

  return {
    start: () => {
      if (stopping) throw new ClientError('stopped', 'The client was stopped. Make a new one.');
      checkFault();
      if (isStarted) return;
      isStarted = true;
      if (warning !== undefined) log.log(LogLevel.Warning, warning);
      stopWatching = adapters.process.watchSupervisor(createOrphanExit(parts, leave));
      actor.start();
      void publisher.open();
    },
    stop: () => (stopping ??= stop()),
    restart,
  };
};
