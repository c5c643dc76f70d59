import { matchesState, waitFor, type ActorRef, type ActorRefFrom, type AnyActorRef, type SnapshotFrom } from 'xstate';
import type { unitMachine } from '../../machines/unit.ts';
import type { ChildName, UnitRequest } from '../../machines/unit/context.ts';
import { regionOf } from '../../machines/unit/known.ts';
import { ClientError, errorOf, failureOf, type Failure } from '../../services/errors.ts';

/** The unit's root actor. */
export type UnitActor = ActorRefFrom<typeof unitMachine>;

/** The unit's root actor, as the app sees it: it takes an app's requests alone. */
export type PublicActor = ActorRef<SnapshotFrom<UnitActor>, UnitRequest, Emitted>;

type Emitted = Parameters<Parameters<UnitActor['on']>[1]>[0];
type EmittedType = Emitted['type'];
type FailureType = Extract<Emitted, { failure: Failure }>['type'];

/** The error of what a stop has ended. */
export const stopped = (cause?: unknown) =>
  new ClientError('stopped', 'The client was stopped before this was done. Start it again with runMainCycle().', {
    cause,
  });

const failed = (cause: unknown) =>
  new ClientError('failed', `The unit's root machine failed: ${failureOf(cause).message}. Restart the program.`, {
    cause,
  });

const crashed = (child: ChildName, why: string, cause?: unknown) =>
  new ClientError('failed', `The ${child} machine failed before this was done: ${why}. Try again.`, { cause });

/** The failure of a unit whose root machine has failed; `undefined` for any other. */
export const failureOfRoot = (unit: UnitActor): ClientError | undefined => {
  const { status, error } = unit.getSnapshot();
  return status === 'error' ? failed(error) : undefined;
};

/** Whether the link is open and its topics are answered. */
export const isOnline = (unit: UnitActor): boolean => {
  const now = unit.getSnapshot();
  return now.status === 'active' && now.matches({ lifecycle: { operating: 'online' } });
};

/** Units that continue in another process: promises about them stay pending here. */
const replaced = new WeakSet<UnitActor>();

/** Keeps promises about a unit pending that continues in another process, so that the app does not act twice. */
export const keepPending = (unit: UnitActor): void => {
  replaced.add(unit);
};

const isHandedOver = ({ value: { program } }: SnapshotFrom<UnitActor>): boolean =>
  program === 'replaced' || (typeof program === 'object' && program.leaving === 'handingOver');

/**
 * Waits until a program that restarts is handed over to another process.
 *
 * @throws {ClientError} `stopped` when a stop overtakes that; `stopped` or `failed` when the unit ends first.
 */
export const waitForHandOver = async (unit: UnitActor): Promise<void> => {
  const isDecided = (now: SnapshotFrom<UnitActor>) => now.value.program === 'running' || isHandedOver(now);
  const now = await waitFor(unit, isDecided, { timeout: Infinity }).catch((cause: unknown) => {
    throw failureOfRoot(unit) ?? stopped(cause);
  });
  if (!isHandedOver(now)) throw stopped();
};

/** Options of {@link waitForEvent}. */
interface EventWait {
  /** Ends the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The child machine that does what the unit wants, also when it has to start again. */
  readonly child?: ChildName;
  /** The child machine that was asked; a failure of it loses the request. */
  readonly asked?: ChildName;
}

/** Whether a child machine failed and starts again soon. */
const isStartingAgain = ({ value }: SnapshotFrom<UnitActor>, child: ChildName): boolean =>
  matchesState(regionOf(child, 'restarting'), value);

/** Whether a child machine failed too often and is off for a while. */
const isOff = ({ value }: SnapshotFrom<UnitActor>, child: ChildName): boolean =>
  matchesState(regionOf(child, 'failed'), value);

const isOffNow = (child: ChildName) =>
  new ClientError(
    'failed',
    `The ${child} machine failed too often and is off; the log says why. It is tried again within ten minutes.`,
  );

/**
 * Waits for one of several events of the unit.
 *
 * @throws {PepeunitError} The failure of an event in `failing`; {@link ClientError} when the unit ends first: `stopped`, or
 * `failed` with the cause; also `failed` when the machine that was asked fails, or the one that would answer is off.
 */
export const waitForEvent = <TDone extends EmittedType>(
  unit: UnitActor,
  done: readonly TDone[],
  failing: readonly FailureType[],
  { signal, asked, child = asked }: EventWait = {},
): Promise<Extract<Emitted, { type: TDone }>> =>
  new Promise((resolve, reject) => {
    // A unit that has ended emits no more events.
    if (unit.getSnapshot().status !== 'active') throw failureOfRoot(unit) ?? stopped();
    if (child && isOff(unit.getSnapshot(), child)) throw isOffNow(child);
    // A request to a machine that starts again is kept for it.
    let isAsked = asked && !isStartingAgain(unit.getSnapshot(), asked);
    const look = (now: SnapshotFrom<UnitActor>) => {
      if (child && isOff(now, child)) return settle(() => reject(isOffNow(child)));
      if (!asked) return;
      const isAway = isStartingAgain(now, asked);
      if (isAway && isAsked) settle(() => reject(crashed(asked, 'the log says why')));
      isAsked = !isAway;
    };
    const abort = () => settle(() => reject(signal?.reason));
    signal?.addEventListener('abort', abort);
    const subscriptions = [
      ...done.map((type) =>
        unit.on(type, (event) => settle(() => resolve(event as Extract<Emitted, { type: TDone }>))),
      ),
      ...failing.map((type) =>
        unit.on(type, (event) => settle(() => reject('failure' in event ? errorOf(event.failure) : stopped()))),
      ),
      unit.subscribe({
        next: look,
        error: (error) => settle(() => reject(failed(error))),
        complete: () => replaced.has(unit) || settle(() => reject(stopped())),
      }),
    ];
    const settle = (end: () => void) => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      signal?.removeEventListener('abort', abort);
      end();
    };
  });

/** What can be asked of a child's snapshot. */
interface ChildSnapshot {
  readonly value?: unknown;
  hasTag(tag: 'busy' | 'ready'): boolean;
  readonly context: { readonly failure?: Failure | undefined };
}

/**
 * Waits until a child machine's snapshot meets a condition.
 *
 * @throws {ClientError} `stopped` or `failed` when the unit ends first; `failed` also when the machine fails or is off.
 */
export const waitForChild = async (
  unit: UnitActor,
  child: ChildName,
  isMet: (snapshot: ChildSnapshot) => boolean,
): Promise<ChildSnapshot> => {
  if (isStartingAgain(unit.getSnapshot(), child)) {
    await waitFor(unit, (now) => !isStartingAgain(now, child), { timeout: Infinity }).catch(() => undefined);
  }
  if (isOff(unit.getSnapshot(), child)) throw isOffNow(child);
  const { status, children } = unit.getSnapshot();
  const ref: AnyActorRef | undefined = children[child];
  if (status !== 'active' || !ref) throw failureOfRoot(unit) ?? stopped();
  return waitFor(ref, isMet, { timeout: Infinity }).catch((cause: unknown) => {
    if (replaced.has(unit)) return new Promise<never>(() => undefined);
    if (unit.getSnapshot().status === 'active') throw crashed(child, failureOf(cause).message, cause);
    throw failureOfRoot(unit) ?? stopped(cause);
  });
};

/**
 * Waits until a child machine is idle.
 *
 * @throws {PepeunitError} Its last attempt failed; {@link ClientError} `stopped` or `failed` when the unit ends first.
 */
export const waitForIdle = async (unit: UnitActor, child: ChildName): Promise<void> => {
  const snapshot = await waitForChild(unit, child, (current) => !current.hasTag('busy'));
  const failure: Failure | undefined = snapshot.context.failure;
  if (failure) throw errorOf(failure);
};
