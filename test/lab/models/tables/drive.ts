import {
  createActor,
  type ActorLogic,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type EventObject,
  type InspectionEvent,
  type Snapshot,
} from 'xstate';
import { nameOf } from '../../../../app/testing/walk/chart.ts';
import type { Happening } from './happenings.ts';
import type { Call, MachineTable } from './table.ts';

/** What an observer outside the machine sees when a step is over. */
export interface Observation {
  readonly snapshot: AnyMachineSnapshot;
  /** What the parent and the invoked actors were told in this step. */
  readonly told: readonly EventObject[];
  /** What it emitted in this step. */
  readonly emitted: readonly EventObject[];
  /** The recorded actions of this step. */
  readonly does: readonly Call[];
  /** The invoked actors that run now, with what each was given, and whether it began in this step. */
  readonly actors: readonly { readonly id: string; readonly input: unknown; readonly isNew: boolean }[];
  readonly timers: readonly { readonly type: string; readonly ms: number; readonly isNew: boolean }[];
  /** The declared transitions that were taken in this step. */
  readonly transitions: readonly AnyTransitionDefinition[];
}

/** A machine that does what happens to it. */
export interface Subject {
  apply(happening: Happening): Observation;
  readonly first: Observation;
  stop(): void;
}

const ending = 'fake.end';
type Ending = EventObject & { readonly ends: Partial<Snapshot<unknown>> };
type Obedient = ActorLogic<Snapshot<unknown>, EventObject, unknown>;

/** Actors that do what they are told at once, and write down what they hear. */
const obedientActors = () => {
  const running = new Map<string, { readonly self: AnyActorRef; readonly input: unknown }>();
  const heard: EventObject[] = [];
  const inputs = new WeakMap<Snapshot<unknown>, unknown>();
  const logic: Obedient = {
    getInitialSnapshot: (_, input) => {
      const snapshot: Snapshot<unknown> = { status: 'active', output: undefined, error: undefined };
      inputs.set(snapshot, input);
      return snapshot;
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    start: (snapshot, { self }) => void running.set(self.id, { self, input: inputs.get(snapshot) }),
    transition: (snapshot, event, { self }) => {
      const ends = event.type === ending ? (event as Ending).ends : undefined;
      if (ends || event.type === 'xstate.stop') {
        if (running.get(self.id)?.self === self) running.delete(self.id);
        return { ...snapshot, status: 'stopped', ...ends } as Snapshot<unknown>;
      }
      heard.push({ ...event, to: self.id } as EventObject);
      return snapshot;
    },
  };
  const end = (id: string, ends: Ending['ends']): void => running.get(id)?.self.send({ type: ending, ends });
  return { logic, running, heard, end };
};

/** Tells what comes since it was asked last. */
const newcomers = () => {
  let known = new Set<unknown>();
  /** Adds to each thing whether it is new; `identityOf` tells two alike apart. */
  return <TThing>(things: readonly TThing[], identityOf: (thing: TThing) => unknown) => {
    const before = known;
    known = new Set(things.map(identityOf));
    return things.map((thing) => ({ ...thing, isNew: !before.has(identityOf(thing)) }));
  };
};

type Timers = ReturnType<AnyActorRef['system']['getSnapshot']>['_scheduledEvents'];

const none = (): Timers => ({});

/** A clock that stands still, and lets the one timer run out that it is told to. */
const obedientClock = () => {
  const waiting = new Map<number, { readonly type: string; readonly ms: number; fire(): void }>();
  const known = new WeakSet<object>();
  let scheduled = none;
  let lastId = 0;
  const newest = (): string => {
    const timer = Object.values(scheduled()).find((one) => !known.has(one));
    if (timer) known.add(timer);
    return timer?.event.type ?? '';
  };
  return {
    follow: ({ system }: AnyActorRef) => {
      scheduled = () => {
        const { _scheduledEvents: timers } = system.getSnapshot();
        return timers;
      };
    },
    setTimeout: (fire: () => void, ms: number): number => {
      lastId += 1;
      waiting.set(lastId, { type: newest(), ms, fire });
      return lastId;
    },
    clearTimeout: (id: number) => void waiting.delete(id),
    fire: (type: string): void => {
      const [id, timer] = [...waiting].find(([, one]) => one.type === type) ?? [];
      if (id !== undefined) waiting.delete(id);
      timer?.fire();
    },
    timers: () => [...waiting].map(([id, { type, ms }]) => ({ id, type, ms })),
  };
};

/** Writes down what a parent is told. */
const parentOf = (told: EventObject[]): AnyActorRef => {
  const logic: ActorLogic<Snapshot<unknown>, EventObject> = {
    getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
    getPersistedSnapshot: (snapshot) => snapshot,
    transition: (snapshot, event) => {
      told.push(event);
      return snapshot;
    },
  };
  return createActor(logic).start();
};

/** The machine of a table with every slot filled, once, so that its transitions keep their identity over all runs. */
export const subjectOf = ({
  machine,
  input = {},
  recorded = [],
}: Pick<MachineTable, 'machine' | 'input' | 'recorded'>) => {
  const { logic, running, heard, end } = obedientActors();
  const does: Call[] = [];
  const parent = parentOf(heard);
  const slots = Object.keys(machine.implementations.actors).map((slot) => [slot, logic]);
  const calls = recorded.map((action) => [action, (_: unknown, params: unknown) => does.push([action, params])]);
  const filled: AnyStateMachine = machine.provide({
    actors: Object.fromEntries(slots),
    actions: Object.fromEntries(calls),
  } as never);

  const start = (change: object = {}): Subject => {
    running.clear();
    const clock = obedientClock();
    const withNewActors = newcomers();
    const withNewTimers = newcomers();
    const transitions: AnyTransitionDefinition[] = [];
    const inspect = (inspected: InspectionEvent) => {
      if (inspected.type !== '@xstate.microstep' || inspected.actorRef.sessionId !== inspected.rootId) return;
      const { _transitions: taken } = inspected;
      transitions.push(...taken);
    };
    const actor: AnyActorRef = createActor(filled, {
      id: machine.id,
      clock,
      inspect,
      input: { ...input, ...change, parent },
    });
    clock.follow(actor);
    actor.subscribe({ error: () => undefined });
    const emitted: EventObject[] = [];
    actor.on('*', (event: EventObject) => emitted.push(event));
    const observed = (): Observation => ({
      snapshot: actor.getSnapshot() as AnyMachineSnapshot,
      told: heard.splice(0),
      emitted: emitted.splice(0),
      does: does.splice(0),
      actors: withNewActors(
        [...running].map(([id, { self, input: given }]) => ({ id, self, input: given })),
        ({ self }) => self,
      ),
      timers: withNewTimers(clock.timers(), ({ id }) => id),
      transitions: transitions.splice(0),
    });
    const bringAbout = ({ kind, event, from = '' }: Happening): void => {
      if (kind === 'elapsed') return clock.fire(event.type);
      if (kind === 'done') return end(from, { status: 'done', output: event['output'] });
      if (kind === 'failed') return end(from, { status: 'error', error: event['error'] });
      actor.send(event);
    };
    actor.start();
    return {
      first: observed(),
      apply: (happening) => {
        bringAbout(happening);
        return observed();
      },
      stop: () => actor.stop(),
    };
  };
  return { machine: filled, start };
};

/** The states of a snapshot that have none below them. */
export const leavesIn = ({ _nodes: nodes }: AnyMachineSnapshot): string[] =>
  nodes.filter(({ type }) => type === 'atomic' || type === 'final').map(nameOf);
