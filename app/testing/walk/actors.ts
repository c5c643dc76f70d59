import type { AnyActorLogic, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { activeNodes, nameOf, nodesOf } from './chart.ts';
import { WalkError } from './error.ts';
import type { FakeActors, Outcome } from './fakes.ts';
import type { ActorScript, WorldActors } from './options.ts';

const isLogic = (one: ActorScript | AnyActorLogic): one is AnyActorLogic => 'transition' in one;

/** Names of the logic of the machine's actors. @throws {WalkError} `unscripted` */
export const sourcesOf = (machine: AnyStateMachine): ReadonlySet<string> => {
  const invoked = nodesOf(machine.root).flatMap((node) =>
    node.invoke.map(({ src }) => {
      if (typeof src === 'string' && !src.startsWith('xstate.invoke.')) return src;
      throw new WalkError(
        'unscripted',
        `${machine.id}: ${nameOf(node)} invokes logic without a name. Name it in setup({ actors }), so that the walk can stand in for it.`,
        [],
      );
    }),
  );
  return new Set([...Object.keys(machine.implementations.actors), ...invoked]);
};

/** The logic of a machine's actors: what the world gives, and stand-ins. @throws {WalkError} `unscripted` */
export const logicIn = (
  { id }: AnyStateMachine,
  sources: ReadonlySet<string>,
  actors: WorldActors,
  fakes: FakeActors,
): Readonly<Record<string, AnyActorLogic>> => {
  const unknown = Object.keys(actors).find((name) => !sources.has(name));
  if (unknown !== undefined) {
    const named = [...sources].join(', ') || 'none';
    throw new WalkError('unscripted', `${id} has no actor "${unknown}". Its actors: ${named}.`, []);
  }
  const logicOf = (source: string): AnyActorLogic => {
    const given = actors[source];
    return given && isLogic(given) ? given : fakes.actor(source);
  };
  return Object.fromEntries([...sources].map((source) => [source, logicOf(source)]));
};

/** Something that may happen next. */
export interface Stimulus {
  readonly label: string;
  apply(): unknown;
}

const valueOf = (value: unknown): string => {
  if (value instanceof Error) return `: ${value.message}`;
  return value === undefined ? '' : ` ${JSON.stringify(value)}`;
};

/** An event for people. */
export const shownEvent = ({ type, ...payload }: EventObject): string =>
  Object.keys(payload).length === 0 ? type : `${type} ${JSON.stringify(payload)}`;

const isHandled = (snapshot: AnyMachineSnapshot, event: EventObject): boolean => {
  try {
    return snapshot.machine.getTransitionData(snapshot, event).length > 0;
  } catch {
    // A guard throws: sent, the event stops the machine, and the walk tells the path.
    return true;
  }
};

/** Whether an active state has a transition for this type, whatever its guards say. */
const isDeclared = (snapshot: AnyMachineSnapshot, type: string): boolean =>
  activeNodes(snapshot).some((node) => node.transitions.has(type));

/** The events that mean something in a situation. */
export const handledOf = <TEvent extends EventObject>(
  snapshot: AnyMachineSnapshot,
  events: readonly TEvent[],
): readonly TEvent[] => events.filter((event) => isHandled(snapshot, event));

/** What the stand-ins that run may do in a situation. */
export const stimuliOfFakes = (
  snapshot: AnyMachineSnapshot,
  actors: WorldActors,
  fakes: FakeActors,
  send: (event: EventObject) => void,
): Stimulus[] =>
  fakes.running().flatMap((id) => {
    const source = fakes.sourceOf(id) ?? id;
    const { done, fails, sends = [] } = (actors[source] ?? {}) as ActorScript;
    const ends = (verb: string, value: unknown, outcome: Outcome): Stimulus => ({
      label: `${id} ${verb}${valueOf(value)}`,
      apply: () => fakes.settle(id, outcome),
    });
    const handlesDone = isDeclared(snapshot, `xstate.done.actor.${id}`);
    const handlesError = isDeclared(snapshot, `xstate.error.actor.${id}`);
    return [
      ...(done ?? (handlesDone ? [undefined] : [])).map((output) => ends('done', output, { output })),
      ...(fails ?? (handlesError ? [new Error(`${source} failed`)] : [])).map((one) =>
        ends('fails', one, { error: one }),
      ),
      ...handledOf(snapshot, sends).map((event) => ({
        label: `${id} sends ${shownEvent(event)}`,
        apply: () => send(event),
      })),
    ];
  });
