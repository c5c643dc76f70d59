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

/** Units that continue in another process: promises about them stay pending here. */
const replaced = new WeakSet<UnitActor>();

/** Stops a unit that continues in another process. Promises about it stay pending, so that the app does not act twice. */
export const stopSilently = (unit: UnitActor): void => {
  replaced.add(unit);
  unit.stop();
};

/**
 * Waits for one of several events of the unit.
 *
 * @throws {PepeunitError} The failure of an event in `failed`; {@link ClientError} `stopped` when the unit ends first.
 */
export const waitForEvent = <TDone extends EmittedType>(
  unit: UnitActor,
  done: readonly TDone[],
  failed: readonly FailureType[],
): Promise<Extract<Emitted, { type: TDone }>> =>
  new Promise((resolve, reject) => {
    // A stopped unit emits no more events.
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
 * Waits until a child machine is idle.
 *
 * @throws {PepeunitError} Its last attempt failed; {@link ClientError} `stopped` when the unit ends first.
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
