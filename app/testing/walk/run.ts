import {
  createActor,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type EventObject,
  type InspectionEvent,
} from 'xstate';
import { settle } from '../settle.ts';
import { handledOf, logicIn, shownEvent, sourcesOf, stimuliOfFakes, type Stimulus } from './actors.ts';
import { activeNodes, nameOf, nodesOf } from './chart.ts';
import { fakeActors, type FakeActors } from './fakes.ts';
import type { Seen, WalkOptions, WalkWorld } from './options.ts';
import { steerableClock } from './steerable-clock.ts';

/** One run of a machine, from its start. */
export interface Run {
  /** What may happen next. */
  stimuli(): readonly Stimulus[];
  /** Brings a stimulus about; resolves when what follows at once has happened. */
  apply(stimulus: Stimulus): Promise<void>;
  snapshot(): AnyMachineSnapshot;
  /** What makes the situation different from others. */
  key(): string;
  seen(): Seen;
  stop(): void;
}

/** A machine that is copied once, so that its transitions are the same ones in all runs. */
export interface Runner {
  readonly machine: AnyStateMachine;
  start(witness: Witness): Promise<Run>;
}

/** Paths of the active states, root included. */
export const activeIn = (snapshot: AnyMachineSnapshot): string[] => activeNodes(snapshot).map(nameOf);

/** Learns which states were entered and which transitions were taken, also on the way to a state where the machine stays. */
export interface Witness {
  entered(state: string): void;
  took(transition: AnyTransitionDefinition, path: readonly string[]): void;
}

/** What JSON leaves out of a context. */
const replacer = (_: string, value: unknown): unknown => {
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'bigint') return String(value);
  return value;
};

const timerNames = (machine: AnyStateMachine): ReadonlyMap<string, string> =>
  new Map(
    nodesOf(machine.root).flatMap((node) =>
      node.after.map(({ eventType, delay }) => {
        const name = typeof delay === 'string' ? `${delay} elapses` : `${String(delay)} ms elapse`;
        return [eventType, `${name} in ${nameOf(node)}`] as const;
      }),
    ),
  );

const eventsIn = (
  snapshot: AnyMachineSnapshot,
  events: NonNullable<WalkOptions<AnyStateMachine>['events']>,
): readonly EventObject[] =>
  Array.isArray(events)
    ? (events as readonly EventObject[])
    : activeIn(snapshot).flatMap((name) => (events as Readonly<Record<string, readonly EventObject[]>>)[name] ?? []);

const worldOf = ({ world = {} }: WalkOptions<AnyStateMachine>): (() => WalkWorld) =>
  typeof world === 'function' ? (world as () => WalkWorld) : () => ({ actors: world });

/** The machine's actor, watched. */
const startActor = (
  machine: AnyStateMachine,
  { input }: WalkOptions<AnyStateMachine>,
  clock: ReturnType<typeof steerableClock>,
  { path, witness }: { path: readonly string[]; witness: Witness },
) => {
  const emitted: EventObject[] = [];
  const noteStates = (snapshot: AnyMachineSnapshot) => {
    for (const state of activeIn(snapshot)) witness.entered(state);
  };
  const inspect = (inspected: InspectionEvent) => {
    if (inspected.type !== '@xstate.microstep') return;
    const { _transitions: transitions, snapshot } = inspected;
    for (const transition of transitions) {
      witness.entered(nameOf(transition.source));
      witness.took(transition, [...path]);
    }
    noteStates(snapshot as AnyMachineSnapshot);
  };
  const actor: AnyActorRef = createActor(machine, {
    clock: clock as never,
    inspect,
    ...(input !== undefined && { input }),
  } as never);
  noteStates(actor.getSnapshot() as AnyMachineSnapshot);
  clock.follow(actor);
  actor.subscribe({ error: () => undefined });
  actor.on('*', (event: EventObject) => emitted.push(event));
  actor.start();
  return { actor, emitted };
};

/** The parts of one run. */
interface Parts {
  readonly actor: AnyActorRef;
  readonly world: WalkWorld;
  readonly fakes: FakeActors;
  readonly clock: ReturnType<typeof steerableClock>;
  readonly options: WalkOptions<AnyStateMachine>;
  /** Names of the machine's own timers, by their events. */
  readonly timers: ReadonlyMap<string, string>;
}

const stimuliIn = (
  now: AnyMachineSnapshot,
  { actor, world: { actors = {}, moves = {} }, fakes, clock, options, timers }: Parts,
): Stimulus[] => {
  if (now.status !== 'active') return [];
  const send = (event: EventObject) => actor.send(event);
  const all: Stimulus[] = [
    ...handledOf(now, eventsIn(now, options.events ?? [])).map((event) => ({
      label: shownEvent(event),
      apply: () => send(event),
    })),
    ...stimuliOfFakes(now, actors, fakes, send),
    ...clock.due().map((type = 'a timer') => ({
      label: timers.get(type) ?? `${type} is due`,
      apply: () => clock.fire(type),
    })),
    ...Object.entries(moves).map(([label, apply]) => ({ label, apply })),
  ];
  return [...new Map(all.map((stimulus) => [stimulus.label, stimulus])).values()];
};

const keyOf = (now: AnyMachineSnapshot, { clock, options }: Parts): string => {
  const { historyValue } = now as { historyValue: Record<string, Parameters<typeof nameOf>[0][]> };
  const history = Object.entries(historyValue).map(([id, nodes]) => [id, nodes.map(nameOf)]);
  const key = options.key ? (options.key as (context: unknown) => unknown)(now.context) : now.context;
  // How often the same event is due makes no difference, or there would be no end of one that is delayed again and again.
  const timers = [clock.pending(), clock.due()].map((types) => [...new Set(types)]);
  return JSON.stringify([now.value, now.status, Object.keys(now.children), timers, history, key], replacer);
};

/** Creates the runs of a machine in a world. @throws {WalkError} `unscripted` */
export const createRunner = (given: AnyStateMachine, options: WalkOptions<AnyStateMachine>): Runner => {
  const createWorld = worldOf(options);
  const fakes = fakeActors();
  const sources = sourcesOf(given);
  let first: WalkWorld | undefined = createWorld();
  const machine = given.provide({ actors: logicIn(given, sources, first.actors ?? {}, fakes) } as never);
  const timers = timerNames(machine);

  const start: Runner['start'] = async (witness) => {
    const world = first ?? createWorld();
    first = undefined;
    fakes.forget();
    // Another copy of the machine would have other transitions.
    Object.assign(machine.implementations.actors, logicIn(given, sources, world.actors ?? {}, fakes));
    const clock = steerableClock(world.clock);
    const path: string[] = [];
    const { actor, emitted } = startActor(machine, options, clock, { path, witness });
    const parts: Parts = { actor, world, fakes, clock, options, timers };
    const snapshot = () => actor.getSnapshot() as AnyMachineSnapshot;
    let before = snapshot();
    await settle();
    return {
      snapshot,
      stimuli: () => stimuliIn(snapshot(), parts),
      apply: async (stimulus) => {
        path.push(stimulus.label);
        before = snapshot();
        clock.nextStep();
        await stimulus.apply();
        await settle();
      },
      key: () => keyOf(snapshot(), parts),
      seen: () => {
        const now = snapshot();
        return {
          context: now.context,
          before,
          snapshot: now,
          path: [...path],
          running: fakes.running(),
          told: fakes.told,
          emitted: [...emitted],
        } as Seen;
      },
      stop: () => actor.stop(),
    };
  };
  return { machine, start };
};
