import { waitFor, type ActorRefFrom, type AnyActorRef } from 'xstate';
import type { unitMachine } from '../../machines/unit.ts';
import type { ChildName } from '../../machines/unit/context.ts';
import { ClientError, errorOf, type Failure } from '../../services/errors.ts';

/** The unit's root actor. */
export type UnitActor = ActorRefFrom<typeof unitMachine>;

type Emitted = Parameters<Parameters<UnitActor['on']>[1]>[0];
type EmittedType = Emitted['type'];
type FailureType = Extract<Emitted, { failure: Failure }>['type'];

const stopped = (cause?: unknown) =>
  new ClientError('stopped', 'The client was stopped before this was done. Make a new one.', { cause });

/** Units that go on in another process: whoever waits for one here waits for good. */
const replaced = new WeakSet<UnitActor>();

/** Stops a unit that another process has taken over, and wakes nobody who waits for it: the app must not act on it. */
export const stopUnseen = (unit: UnitActor): void => {
  replaced.add(unit);
  unit.stop();
};

/**
 * Waits for one of several events of the unit.
 *
 * @throws {PepeunitError} What `failed` carries; {@link ClientError} `stopped` when the unit ends first.
 */
export const waitForEvent = <TDone extends EmittedType>(
  unit: UnitActor,
  done: readonly TDone[],
  failed: readonly FailureType[],
): Promise<Extract<Emitted, { type: TDone }>> =>
  new Promise((resolve, reject) => {
    // A unit that has stopped emits nothing any more.
    if (unit.getSnapshot().status === 'stopped') throw stopped();
    const subscriptions = [
      ...done.map((type) =>
        unit.on(type, (event) => settle(() => resolve(event as Extract<Emitted, { type: TDone }>))),
      ),
      ...failed.map((type) =>
        unit.on(type, (event) => settle(() => reject('failure' in event ? errorOf(event.failure) : stopped()))),
      ),
      unit.subscribe({
        error: (error) => settle(() => reject(stopped(error))),
        complete: () => replaced.has(unit) || settle(() => reject(stopped())),
      }),
    ];
    const settle = (end: () => void) => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      end();
    };
  });

/**
 * Waits until a child machine has done all that it was asked for.
 *
 * @throws {PepeunitError} Why its last attempt failed.
 */
export const waitForIdle = async (unit: UnitActor, child: ChildName): Promise<void> => {
  const ref: AnyActorRef | undefined = unit.system.get(child);
  if (!ref) throw stopped();
  const snapshot = await waitFor(ref, (current) => !current.hasTag('busy'), { timeout: Infinity }).catch(
    (cause: unknown) => {
      if (replaced.has(unit)) return new Promise<never>(() => undefined);
      throw stopped(cause);
    },
  );
  const failure: Failure | undefined = snapshot.context.failure;
  if (failure) throw errorOf(failure);
};
