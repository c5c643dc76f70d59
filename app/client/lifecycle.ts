import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { LogDispatcher } from '../logging/log.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { Adapters } from '../platform.ts';
import { waitForEvent, stopUnseen, type UnitActor } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Cycle } from './main-cycle.ts';

/** Calls of the app that nothing but the unit's end cuts short. */
export interface InFlight {
  /** Aborts when the unit stops; asked for anew by each call. */
  signal(): AbortSignal;
  /** Gives up every call that is under way. */
  giveUp(): void;
}

export const createInFlight = (): InFlight => {
  let abort = new AbortController();
  return {
    signal: () => abort.signal,
    giveUp: () => {
      abort.abort();
      abort = new AbortController();
    },
  };
};

/** Start, stop and restart of the unit. */
export interface Lifecycle {
  /** Starts the machines, once; they do nothing until asked. @throws {ClientError} `stopped`, `options` */
  start(): void;
  /** Flushes the log, closes the link, and leaves nothing running. */
  stop(): Promise<void>;
  /** Leaves the link, and lets another process take over. @throws {ProcessError} The unit then goes on. */
  restart(mode: RestartingMode): Promise<void>;
}

export interface LifecycleParts {
  readonly actor: UnitActor;
  readonly plane: DataPlane;
  readonly cycle: Cycle;
  readonly inFlight: InFlight;
  readonly adapters: Adapters;
  /** Why the unit must not start. */
  readonly fault: ClientError | undefined;
}

const noWatch = (): void => undefined;

/** How long a stop may take in all, milliseconds; a disk that hangs gets what the link has left of it. */
const stopWithinMs = 4_900;
/** How long a log may hold a restart up, milliseconds. */
const flushWithinMs = 5_000;

/** Throws what is wrong, if anything is, and logs it, once. */
const refusal = (fault: ClientError | undefined, log: LogDispatcher) => {
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
  /** @returns Whether there was a link to leave. */
  const disconnect = async (): Promise<boolean> => {
    if (!plane.publisher.isAttached()) return false;
    const done = waitForEvent(actor, ['disconnected'], []);
    actor.send({ type: 'mqtt.disconnect' });
    await done;
    return true;
  };
  /** The unit goes on in another process, and this one stays before it. */
  const onReplaced = () => {
    plane.inbox.stop();
    void plane.publisher.stop();
    stopUnseen(actor);
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

/** Whoever comes after a supervisor or proxy starts a unit of its own: two of one unit would fight for the session. */
const createLeave =
  ({ plane: { log }, adapters }: LifecycleParts, restart: Lifecycle['restart']) =>
  () => {
    const gone = adapters.process.isSupervised
      ? 'The supervisor is gone, and the unit leaves. Start `pepeunit run` again.'
      : 'The process that restarted the unit is gone, and the unit leaves. Start the program again.';
    log.log(LogLevel.Critical, gone);
    restart('exit').catch((thrown: unknown) => log.log(LogLevel.Error, failureOf(thrown).message));
  };

export const createLifecycle = (parts: LifecycleParts): Lifecycle => {
  const { actor, plane, cycle, inFlight, adapters, fault } = parts;
  const { inbox, log, publisher } = plane;
  const { clock } = adapters;
  const { withTimeout } = createTimeouts(clock);
  let isOn = false;
  let endWatch = noWatch;
  let stopping: Promise<void> | undefined;
  const restart = createRestart(parts);
  const refuse = refusal(fault, log);

  actor.subscribe({
    error: (thrown) => log.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}`),
  });

  /** The publisher takes no more messages from now on, and what the log has yet to publish goes there first. */
  const writeOut = async (withinMs: number) => {
    const flushed = withTimeout(log.flush(), withinMs);
    await publisher.stop(withinMs);
    await flushed;
  };

  const stop = async () => {
    const dueMs = clock.monotonic() + stopWithinMs;
    endWatch();
    cycle.stop();
    inFlight.giveUp();
    if (isOn && actor.getSnapshot().status === 'active') {
      const stopped = waitForEvent(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      // A root that fails meanwhile is in the log; what follows has to happen all the same.
      await Promise.allSettled([stopped]);
    }
    inbox.stop();
    await writeOut(Math.max(0, dueMs - clock.monotonic()));
    actor.stop();
  };

  return {
    start: () => {
      if (stopping) throw new ClientError('stopped', 'The client was stopped. Make a new one.');
      refuse();
      if (isOn) return;
      isOn = true;
      endWatch = adapters.process.watchSupervisor(createLeave(parts, restart));
      actor.start();
      void publisher.open();
    },
    stop: () => (stopping ??= stop()),
    restart,
  };
};
