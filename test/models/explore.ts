import { createEmptyActor, type AnyActorRef, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import type { MachineModel, Region } from './model.ts';
import { canCome, stimuliOf, type Stimulus } from './stimuli.ts';

/** One step of a path: what is done, and the situation that must follow. */
export interface Step {
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

type Logic = Parameters<typeof getAdjacencyMap<AnyStateMachine>>[0];
type Scope = Parameters<AnyStateMachine['transition']>[2];

/** A system in which every actor is found and none is ever started. */
const pureScope = (): Scope => {
  const self = createEmptyActor() as AnyActorRef;
  Object.assign(self.system, { get: () => self, _set: () => undefined });
  const nothing = () => undefined;
  return {
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
};

const settled = (machine: AnyStateMachine, input: object, stimuli: readonly Stimulus[], scope: Scope) =>
  stimuli.reduce<AnyMachineSnapshot>(
    (snapshot, { event }) => machine.transition(snapshot, event, scope),
    machine.getInitialSnapshot(scope, input),
  );

const preludeOf = ({ prelude = [], name }: Region<unknown>, stimuli: readonly Stimulus[]): Stimulus[] =>
  prelude.map((label) => {
    const found = stimuli.find((stimulus) => stimulus.label === label);
    if (!found) throw new Error(`Region "${name}" begins with "${label}", which is no stimulus of its machine`);
    return found;
  });

const keyOf = (region: Region<unknown>) => (snapshot: AnyMachineSnapshot) =>
  JSON.stringify([snapshot.value, snapshot.status, region.key(snapshot.context)]);

/** Walks a region of a machine breadth first. Stimuli, not bare events, are the edges. */
export const explore = (model: MachineModel, machine: AnyStateMachine, region: Region<unknown>, parent: AnyActorRef): Exploration => {
  const scope = pureScope();
  const input = { ...model.input, parent };
  const stimuli = stimuliOf(model);
  const byEvent = new Map<object, Stimulus>(stimuli.map((stimulus) => [stimulus.event, stimulus]));
  const start = preludeOf(region, stimuli);
  const used = stimuli.filter(({ label }) => region.uses?.(label) ?? true);
  const key = keyOf(region);
  const fromState = settled(machine, input, start, scope);
  const pure = { transition: (snapshot: AnyMachineSnapshot, event: Stimulus['event']) => machine.transition(snapshot, event, scope) };
  const adjacency = getAdjacencyMap(pure as unknown as Logic, {
    fromState,
    events: used.map(({ event }) => event),
    filterEvents: (snapshot, event) => canCome(model, byEvent.get(event) as Stimulus, snapshot),
    serializeState: key,
    serializeEvent: (event) => (byEvent.get(event) as Stimulus).label,
    limit: 200_000,
  });
  const prelude = start.map((stimulus, index): Step => ({
    stimulus,
    expected: settled(machine, input, start.slice(0, index + 1), scope),
  }));
  return pathsOf(adjacency, key, byEvent, key(fromState), prelude);
};

/** Turns every edge into the shortest path that ends with it, and drops those that begin another. */
const pathsOf = (
  adjacency: ReturnType<typeof getAdjacencyMap<AnyStateMachine>>,
  key: (snapshot: AnyMachineSnapshot) => string,
  byEvent: ReadonlyMap<object, Stimulus>,
  first: string,
  prelude: Path,
): Exploration => {
  const shortest = new Map<string, Path>([[first, prelude]]);
  const paths: Path[] = [];
  let edges = 0;
  for (const [source, { transitions }] of Object.entries(adjacency)) {
    for (const { event, state } of Object.values(transitions)) {
      const path = [...(shortest.get(source) ?? []), { stimulus: byEvent.get(event) as Stimulus, expected: state }];
      const target = key(state);
      const isNew = !shortest.has(target);
      if (isNew) shortest.set(target, path);
      if (!isNew || Object.keys(adjacency[target]?.transitions ?? {}).length === 0) paths.push(path);
      edges += 1;
    }
  }
  return { situations: shortest.size, edges, paths };
};
