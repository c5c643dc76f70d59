import {
  createEmptyActor,
  type ActorLogic,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
} from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import type { MachineModel, Region } from './model.ts';
import { canCome, stimuliOf, type Stimulus } from './stimuli.ts';

/** One step of a path: what is done, and the situation that must follow. */
interface Step {
  readonly stimulus: Stimulus;
  readonly expected: AnyMachineSnapshot;
}
export type Path = readonly Step[];

/** A walked part of a machine's state space. */
export interface Exploration {
  readonly situations: number;
  readonly edges: number;
  /** Paths that together take every edge; none begins another. */
  readonly paths: readonly Path[];
}

type Logic = ActorLogic<AnyMachineSnapshot, Stimulus['event']>;
type Adjacency = Readonly<
  Record<string, { transitions: Record<string, { event: Stimulus['event']; state: AnyMachineSnapshot }> }>
>;
type Scope = Parameters<AnyStateMachine['transition']>[2];

const nothing = () => undefined;

/** A scope whose actor has the children of a situation, and never starts any of them. */
const pureScope = () => {
  let children: AnyMachineSnapshot['children'] = {};
  const self = Object.assign(createEmptyActor() as AnyActorRef, {
    getSnapshot: () => ({ status: 'active' as const, output: undefined, error: undefined, children }),
  });
  const scope: Scope = {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: nothing,
  };
  /** Lets the machine see these as its children. */
  const see = (seen: AnyMachineSnapshot['children']): void => {
    children = seen;
  };
  return { scope, see };
};

/** Timers that ran out without the state being left: they are not set again before it is entered anew. */
const spentTimers = () => {
  const spent = new WeakMap<AnyMachineSnapshot, readonly string[]>();
  const of = (snapshot: AnyMachineSnapshot): readonly string[] => spent.get(snapshot) ?? [];
  const keep = (before: AnyMachineSnapshot, after: AnyMachineSnapshot, { kind, event }: Stimulus): void => {
    const { _nodes: nodes } = after as { _nodes: readonly AnyStateNode[] };
    const set = new Set(nodes.flatMap((node) => node.after.map(({ eventType }) => eventType)));
    const taken = before.machine.getTransitionData(before, event);
    const stays = kind === 'elapsed' && taken.every(({ target }) => target === undefined);
    const ranOut = stays ? [...of(before), event.type] : of(before);
    spent.set(
      after,
      ranOut.filter((type) => set.has(type)),
    );
  };
  return { of, keep };
};

/** What a machine would do, as a pure function: what it invokes is never started, and ends only once. */
const pureLogic = (machine: AnyStateMachine) => {
  const { scope, see } = pureScope();
  const spent = spentTimers();
  return {
    start: (input: object): AnyMachineSnapshot => machine.getInitialSnapshot(scope, input),
    next: (snapshot: AnyMachineSnapshot, stimulus: Stimulus): AnyMachineSnapshot => {
      see(hasEnded(stimulus) ? without(snapshot.children, stimulus.from) : snapshot.children);
      const after = { ...withoutEnded(snapshot, machine.transition(snapshot, stimulus.event, scope), stimulus) };
      spent.keep(snapshot, after, stimulus);
      return after;
    },
    spent: spent.of,
  };
};

const hasEnded = ({ kind, from }: Stimulus): boolean => from !== undefined && (kind === 'done' || kind === 'failed');

const without = (children: AnyMachineSnapshot['children'], id: string | undefined): AnyMachineSnapshot['children'] =>
  Object.fromEntries(Object.entries(children).filter(([key]) => key !== id));

/** A machine keeps what it invoked until it leaves the state, also when that has ended. */
const withoutEnded = (
  before: AnyMachineSnapshot,
  after: AnyMachineSnapshot,
  stimulus: Stimulus,
): AnyMachineSnapshot => {
  const { from = '' } = stimulus;
  if (!hasEnded(stimulus) || after.children[from] !== before.children[from]) return after;
  return { ...after, children: without(after.children, from) };
};

const preludeOf = ({ prelude = [], name }: Region<unknown>, stimuli: readonly Stimulus[]): Stimulus[] =>
  prelude.map((label) => {
    const found = stimuli.find((stimulus) => stimulus.label === label);
    if (!found) throw new Error(`Region "${name}" begins with "${label}", which is no stimulus of its machine`);
    return found;
  });

const keyOf =
  (region: Region<unknown>, spent: (snapshot: AnyMachineSnapshot) => readonly string[]) =>
  (snapshot: AnyMachineSnapshot) =>
    JSON.stringify([
      snapshot.value,
      snapshot.status,
      Object.keys(snapshot.children).toSorted(),
      spent(snapshot),
      region.key(snapshot.context),
    ]);

/** Walks a region of a machine breadth first. Stimuli, not bare events, are the edges. */
export const explore = (
  model: MachineModel,
  machine: AnyStateMachine,
  region: Region<unknown>,
  parent: AnyActorRef,
): Exploration => {
  const { start, next, spent } = pureLogic(machine);
  const stimuli = stimuliOf(model);
  const byEvent = new Map<object, Stimulus>(stimuli.map((stimulus) => [stimulus.event, stimulus]));
  const stimulusOf = (event: object) => byEvent.get(event) as Stimulus;
  const prelude: Step[] = [];
  let fromState = start({ ...model.input, ...region.input, parent });
  for (const stimulus of preludeOf(region, stimuli)) {
    fromState = next(fromState, stimulus);
    prelude.push({ stimulus, expected: fromState });
  }
  const key = keyOf(region, spent);
  const transition = (snapshot: AnyMachineSnapshot, event: Stimulus['event']) => next(snapshot, stimulusOf(event));
  const adjacency = getAdjacencyMap({ transition } as unknown as Logic, {
    fromState,
    events: stimuli.filter(({ label }) => region.uses?.(label) ?? true).map(({ event }) => event),
    filterEvents: (snapshot, event) =>
      !spent(snapshot).includes(event.type) && canCome(model, stimulusOf(event), snapshot),
    serializeState: key,
    serializeEvent: (event) => stimulusOf(event).label,
    limit: 200_000,
  }) as unknown as Adjacency;
  return pathsOf(adjacency, key, stimulusOf, key(fromState), prelude);
};

/** Turns every edge into the shortest path that ends with it, and drops those that begin another. */
const pathsOf = (
  adjacency: Adjacency,
  key: (snapshot: AnyMachineSnapshot) => string,
  stimulusOf: (event: object) => Stimulus,
  first: string,
  prelude: Path,
): Exploration => {
  const shortest = new Map<string, Path>([[first, prelude]]);
  const paths: Path[] = [];
  let edges = 0;
  for (const [source, { transitions }] of Object.entries(adjacency)) {
    for (const { event, state } of Object.values(transitions)) {
      const path = [...(shortest.get(source) ?? []), { stimulus: stimulusOf(event), expected: state }];
      const target = key(state);
      const isNew = !shortest.has(target);
      if (isNew) shortest.set(target, path);
      if (!isNew || Object.keys(adjacency[target]?.transitions ?? {}).length === 0) paths.push(path);
      edges += 1;
    }
  }
  return { situations: shortest.size, edges, paths };
};
