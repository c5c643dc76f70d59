import type { AnyActorRef } from 'xstate';
import { ClientError, failureOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import { createTimeouts } from '../messaging/timeout.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { Adapters } from '../platform.ts';
import { failureOfRoot, waitForEvent, waitForHandOver } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { UnitRecorder } from './recording.ts';
import type { Departure } from './restart.ts';
import type { Root } from './root.ts';
import type { Shutdown } from './shutdown.ts';

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

const hung = (count: number): string =>
  `The event loop hung, and the supervisor ended and restarted the program (${count} since it runs). ` +
  'Look for a loop or a call that does not return.';

/** Watches the supervisor, and lets it watch. @param onGone Called once it is gone. @returns Ends both. */
const watchHost = ({ process }: Adapters, onGone: () => void): (() => void) => {
  const endWatch = process.watchSupervisor(onGone);
  const endBeat = process.beat?.();
  return () => {
    endWatch();
    endBeat?.();
  };
};

/** Ends the machines in their order; those of a root that has failed, at once. */
const endMachines = async ({ root, plane, shutdown, adapters: { clock } }: LifecycleParts): Promise<void> => {
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
  await createTimeouts(clock).withTimeout(plane.router.closed(), linkWithinMs);
};

/** Stops a unit. Its machine decides the order; for one that is not started, or has failed, it is the same. */
const stopUnit = async (parts: LifecycleParts, isStarted: boolean): Promise<void> => {
  const { root, plane, shutdown, adapters } = parts;
  const { clock } = adapters;
  const dueMs = clock.monotonic() + stopWithinMs;
  if (isStarted && root.actor.getSnapshot().status !== 'stopped') await endMachines(parts);
  shutdown.endWork();
  await shutdown.release();
  // Cuts off what the machines still do, such as a download, which then cleans up.
  root.stop();
  await createTimeouts(clock).withTimeout(plane.backgroundEnded(), Math.max(0, dueMs - clock.monotonic()));
};

/** The stops of a unit; what one has ended can begin again. */
class Stops {
  readonly #parts: LifecycleParts;
  readonly #stop: () => Promise<void>;
  #current: Promise<void> | undefined;
  #isOver = false;
  #count = 0;

  constructor(parts: LifecycleParts, stop: () => Promise<void>) {
    this.#parts = parts;
    this.#stop = stop;
  }

  get current(): Promise<void> | undefined {
    return this.#current;
  }

  stop(): Promise<void> {
    this.#count += 1;
    return (this.#current ??= this.#end());
  }

  reopen(): Promise<boolean> | undefined {
    if (this.#current && !this.#isOver) return this.#reopenAfter(this.#current);
    this.#reopen();
    return undefined;
  }

  async #end(): Promise<void> {
    await this.#stop();
    this.#isOver = true;
  }

  /** Does nothing for a unit that is not stopped, and for a root that failed: it stays so. */
  #reopen(): void {
    const { root, shutdown } = this.#parts;
    if (!this.#isOver || failureOfRoot(root.actor)) return;
    this.#current = undefined;
    this.#isOver = false;
    shutdown.resume();
    root.renew();
  }

  async #reopenAfter(ending: Promise<void>): Promise<boolean> {
    const count = this.#count;
    await ending;
    if (this.#count !== count) return false;
    this.#reopen();
    return true;
  }
}

/** Start, stop and restart of the unit. */
export class Lifecycle {
  readonly #parts: LifecycleParts;
  readonly #stops: Stops;
  #isStarted = false;
  #isFaultLogged = false;
  #stopWatching = doNothing;
  #leaving: Promise<void> | undefined;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    this.#stops = new Stops(parts, () => this.#end());
  }

  /** Starts the machines, once. They do nothing before a request. @throws {ClientError} `stopped`, `failed`, `options` */
  start(): void {
    const { root, plane, adapters, warning } = this.#parts;
    const failure = failureOfRoot(root.actor);
    if (failure) throw failure;
    if (this.#stops.current)
      throw new ClientError('stopped', 'The client was stopped. Start it again with runMainCycle().');
    this.#checkFault();
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { hangs } = adapters.process;
    if (warning !== undefined) plane.log.log(LogLevel.Warning, warning);
    if (hangs?.isCause === true) plane.log.log(LogLevel.Error, hung(hangs.count));
    this.#stopWatching = watchHost(adapters, () => this.#leaveAsOrphan());
    root.actor.subscribe({ error: (thrown) => this.#endAfterFailure(thrown) });
    root.start();
    void plane.publisher.open();
  }

  /** Flushes the log, closes the link, and leaves nothing running. A second call waits for the first. */
  stop(): Promise<void> {
    return this.#stops.stop();
  }

  /**
   * Makes a stopped unit ready for a new start, once the stop is over.
   *
   * @returns `undefined` when it is ready; else, for a stop under way, whether no other stop came until it was over.
   */
  reopen(): Promise<boolean> | undefined {
    return this.#stops.reopen();
  }

  /**
   * Closes the link, and lets another process take over. A second call joins the one under way.
   *
   * @throws {ProcessError} The restart failed; the unit continues.
   * @throws {ClientError} `stopped` when a stop overtakes it: the program then does not go on in another process.
   */
  async restart(mode: RestartingMode): Promise<void> {
    this.#parts.adapters.process.checkRestart?.(mode);
    await this.#leave(mode);
  }

  /** Resolves at once, or when a unit whose root machine failed has let everything go. */
  async afterFailure(): Promise<void> {
    if (failureOfRoot(this.#parts.root.actor)) await this.#stops.current;
  }

  /** Throws the fault of the options, and logs it the first time. */
  #checkFault(): void {
    const { fault, plane } = this.#parts;
    if (!fault) return;
    if (!this.#isFaultLogged) plane.log.log(LogLevel.Critical, fault.message);
    this.#isFaultLogged = true;
    throw fault;
  }

  async #end(): Promise<void> {
    this.#stopWatching();
    await stopUnit(this.#parts, this.#isStarted);
    this.#isStarted = false;
    this.#stopWatching = doNothing;
  }

  /** Lets another process take over. The unit machine decides the order; where none runs, it is the same. */
  #leave(mode: RestartingMode): Promise<void> {
    return (this.#leaving ??= this.#handOver(mode).finally(() => {
      this.#leaving = undefined;
    }));
  }

  async #handOver(mode: RestartingMode): Promise<void> {
    const { root, departure, recorder } = this.#parts;
    recorder?.restarting(mode);
    if (this.#stops.current) await this.#stops.current;
    if (!this.#isStarted) return departure.leave(mode);
    root.actor.send({ type: 'unit.restart', mode });
    // A machine in the middle of a step takes the event right after it.
    await Promise.resolve();
    await waitForHandOver(root.actor);
    await departure.outcome();
  }

  /** Ends a unit that lost its parent: the next parent starts the unit again, and two would fight for the session. */
  #leaveAsOrphan(): void {
    const { plane, adapters } = this.#parts;
    const gone = adapters.process.isSupervised
      ? 'The supervisor is gone, and the unit leaves. Start `pepeunit run` again.'
      : 'The process that restarted the unit is gone, and the unit leaves. Start the program again.';
    plane.log.log(LogLevel.Critical, gone);
    this.#leave('exit').catch((thrown: unknown) => this.#logFailure(thrown));
  }

  #endAfterFailure(thrown: unknown): void {
    this.#parts.plane.log.log(
      LogLevel.Critical,
      `The unit's root machine failed: ${failureOf(thrown).message}. The unit ends.`,
    );
    this.#leaveAfterFailure().catch((error: unknown) => this.#logFailure(error));
  }

  /**
   * The supervisor starts the program again; elsewhere the app decides, by what was rejected, or by how the actor of its
   * statechart ended.
   */
  async #leaveAfterFailure(): Promise<void> {
    const { root, adapters } = this.#parts;
    await this.#stops.stop();
    if (adapters.process.isSupervised && !root.isEmbedded) await adapters.process.restart('exit');
  }

  #logFailure(thrown: unknown): void {
    this.#parts.plane.log.log(LogLevel.Error, failureOf(thrown).message);
  }
}
