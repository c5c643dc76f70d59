import {
  createActor,
  fromTransition,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type EventObject,
  type InspectionEvent,
} from 'xstate';
import { nameOf } from '../../../app/testing/walk/chart.ts';
import { fakeActors, type FakeActors } from '../../../app/testing/walk/fakes.ts';
import type { MachineModel, Seen } from './model.ts';
import { steerableClock } from '../../../app/testing/walk/steerable-clock.ts';
import type { Stimulus } from './stimuli.ts';
import { settle } from '../../support/until.ts';

/** What a path is run on: a machine over fakes, or a whole unit somewhere. */
export interface Driver {
  /** Brings a stimulus about; resolves when everything that follows at once has happened. */
  apply(stimulus: Stimulus): Promise<void>;
  snapshot(): AnyMachineSnapshot;
  /** What an observer has seen since the start; `news` is what came since the last call. */
  seen(): Seen<unknown>;
  stop(): void;
}

/** Which states were entered and which transitions taken, over all runs. */
export interface Taken {
  readonly states: Set<string>;
  readonly transitions: Set<AnyTransitionDefinition>;
}

/** Something that facts can be sent to. */
const listenerFor = (facts: EventObject[]): AnyActorRef =>
  createActor(
    fromTransition((_, event: EventObject) => {
      facts.push(event);
      return undefined;
    }, undefined),
  ).start();

/** A machine whose every slot is a fake, made once so that its transitions keep their identity over all runs. */
export const onFakes = (model: MachineModel) => {
  const fakes = fakeActors();
  const facts: EventObject[] = [];
  const calls: [action: string, params: unknown][] = [];
  const taken: Taken = { states: new Set(), transitions: new Set() };
  const parent = listenerFor(facts);
  const sources = Object.keys(model.machine.implementations.actors);
  const machine: AnyStateMachine = model.machine.provide({
    actors: Object.fromEntries(sources.map((source) => [source, fakes.actor(source)])),
    actions: Object.fromEntries(
      (model.recorded ?? []).map((action) => [action, (_: unknown, params: unknown) => calls.push([action, params])]),
    ),
  } as never);

  const start = (input: object = {}): Driver => {
    for (const list of [facts, calls]) list.length = 0;
    fakes.forget();
    return drive(machine, { ...model.input, ...input, parent }, { fakes, facts, calls, taken });
  };
  return { machine, parent, taken, start };
};

interface Surroundings {
  readonly fakes: FakeActors;
  readonly facts: EventObject[];
  readonly calls: readonly [action: string, params: unknown][];
  readonly taken: Taken;
}

const drive = (machine: AnyStateMachine, input: object, around: Surroundings): Driver => {
  const { fakes, facts, calls, taken } = around;
  const clock = steerableClock();
  const emitted: EventObject[] = [];
  let told = 0;
  let last: Stimulus['event'] = { type: 'xstate.init' };
  let before: unknown;
  const note = ({ _nodes: nodes }: AnyMachineSnapshot) => {
    for (const node of nodes) taken.states.add(nameOf(node));
  };
  const inspect = (inspected: InspectionEvent) => {
    if (inspected.type !== '@xstate.microstep' || inspected.actorRef !== actor) return;
    const { _transitions: transitions } = inspected;
    for (const transition of transitions) taken.transitions.add(transition);
    note(inspected.snapshot as AnyMachineSnapshot);
  };
  const actor: AnyActorRef = createActor(machine, {
    clock,
    input,
    inspect,
  });
  clock.follow(actor);
  actor.subscribe({ error: () => undefined });
  actor.on('*', (event: EventObject) => emitted.push(event));
  actor.start();
  note(actor.getSnapshot() as AnyMachineSnapshot);

  const bringAbout = ({ kind, from = '', event }: Stimulus): boolean => {
    if (kind === 'elapsed') return clock.fire(event.type);
    if (kind === 'done') return fakes.settle(from, { output: event['output'] });
    if (kind === 'failed') return fakes.settle(from, { error: event['error'] });
    if (kind === 'said' && !fakes.running().includes(from)) return false;
    actor.send(event);
    return true;
  };

  return {
    apply: async (stimulus) => {
      last = stimulus.event;
      before = (actor.getSnapshot() as AnyMachineSnapshot).context;
      if (!bringAbout(stimulus))
        throw new Error(`"${stimulus.label}" can't come now: nothing runs that could bring it`);
      if (stimulus.from !== undefined) await settle();
    },
    snapshot: () => actor.getSnapshot() as AnyMachineSnapshot,
    seen: () => {
      const news = facts.slice(told);
      told = facts.length;
      const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
      return {
        context: snapshot.context as unknown,
        before: before ?? snapshot.context,
        last,
        snapshot,
        running: fakes.running(),
        facts: [...facts],
        news,
        told: fakes.told,
        done: (action) => calls.filter(([name]) => name === action).map(([, params]) => params),
        emitted: [...emitted],
      };
    },
    stop: () => actor.stop(),
  };
};
