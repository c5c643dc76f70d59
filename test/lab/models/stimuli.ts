import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { nameOf, nodesOf } from '../../../app/testing/walk/chart.ts';
import type { MachineModel } from './model.ts';

/** Something the environment does to a machine, named for people. */
export interface Stimulus {
  readonly label: string;
  readonly kind: 'sent' | 'said' | 'done' | 'failed' | 'elapsed';
  /** What the machine receives. */
  readonly event: AnyEventObject;
  /** Id of the invoked actor that it comes from. */
  readonly from?: string;
}

const payloadOf = (event: EventObject): string => {
  const payload = JSON.stringify({ ...event, type: undefined });
  return payload === '{}' ? '' : ` ${payload}`;
};

const invokesOf = (machine: AnyStateMachine): Map<string, string> =>
  new Map(
    nodesOf(machine.root).flatMap((node) => node.invoke.map(({ id, src }) => [id, typeof src === 'string' ? src : id])),
  );

const fromPromise = (model: MachineModel, id: string, src: string): Stimulus[] =>
  (model.outputs?.[src] ?? [undefined]).map((output) => ({
    label: `${id} done${output === undefined ? '' : ` ${JSON.stringify(output)}`}`,
    kind: 'done',
    from: id,
    event: { type: `xstate.done.actor.${id}`, output, actorId: id },
  }));

const fromListener = (says: readonly EventObject[], id: string): Stimulus[] =>
  says.map((event) => ({ label: `${id} says ${event.type}${payloadOf(event)}`, kind: 'said', from: id, event }));

const failures = (model: MachineModel, id: string, src: string): Stimulus[] =>
  (model.errors?.[src] ?? [new Error(`${src} failed`)]).map((error, index) => ({
    label: `${id} fails${index === 0 ? '' : ` (${index + 1})`}`,
    kind: 'failed',
    from: id,
    event: { type: `xstate.error.actor.${id}`, error, actorId: id },
  }));

/** Everything that can happen to a machine: its events, the ends of what it invokes, and its timers. */
export const stimuliOf = (model: MachineModel): Stimulus[] => [
  ...model.events.map((event): Stimulus => ({ label: `${event.type}${payloadOf(event)}`, kind: 'sent', event })),
  ...[...invokesOf(model.machine)].flatMap(([id, src]) => {
    const says = model.listeners?.[src];
    return [...(says ? fromListener(says, id) : fromPromise(model, id, src)), ...failures(model, id, src)];
  }),
  ...nodesOf(model.machine.root).flatMap((node) =>
    node.after.map(({ eventType, delay }): Stimulus => ({
      label: `${String(delay)} elapses in ${nameOf(node)}`,
      kind: 'elapsed',
      event: { type: eventType },
    })),
  ),
];

/** Whether a stimulus can come in this situation and means anything to the machine there. */
export const canCome = (model: MachineModel, { event, from }: Stimulus, snapshot: AnyMachineSnapshot): boolean =>
  (from === undefined || snapshot.children[from] !== undefined) &&
  (model.isPossible?.(event, snapshot) ?? true) &&
  snapshot.machine.getTransitionData(snapshot, event).length > 0;
