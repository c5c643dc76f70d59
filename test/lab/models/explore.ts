import type { AnyEventObject, AnyStateMachine, EventObject, StateValue } from 'xstate';
import { nameOf, nodesOf } from '../../../app/testing/walk/chart.ts';
import type { MachineModel, Region, Seen } from './model.ts';
import { leavesIn, subjectOf, type Observation, type Subject } from './tables/drive.ts';
import { happeningsOf, named, timerType, type Happening } from './tables/happenings.ts';
import type { Context, Situation } from './tables/situation.ts';
import type { Call } from './tables/table.ts';

/** One step of a path, and the states that it led to. */
export interface Step {
  readonly happening: Happening;
  readonly value: StateValue;
}
export type Path = readonly Step[];

/** A walked part of a machine's state space. */
export interface Exploration {
  readonly situations: number;
  readonly edges: number;
  readonly steps: number;
  /** Paths that together take every edge; none begins another. */
  readonly paths: readonly Path[];
}

/** What runs in each state, as the chart has it. */
const statesOf = (machine: AnyStateMachine) =>
  Object.fromEntries(
    nodesOf(machine.root).map((node) => [
      nameOf(node),
      {
        runs: Object.fromEntries(node.invoke.map(({ id }) => [id, undefined])),
        after: Object.fromEntries(node.after.map(({ delay }) => [String(delay), 0])),
      },
    ]),
  );

/** A run from the start on, with all that was seen of it. */
const startRun = (subject: Subject) => {
  const told: EventObject[] = [];
  const emitted: EventObject[] = [];
  const does: Call[] = [];
  const note = (seen: Observation): Observation => {
    told.push(...seen.told);
    emitted.push(...seen.emitted);
    does.push(...seen.does);
    return seen;
  };
  let last: AnyEventObject = { type: 'xstate.init' };
  let now = note(subject.first);
  let before = now;
  return {
    now: () => now,
    apply: (happening: Happening): void => {
      last = happening.event;
      before = now;
      now = note(subject.apply(happening));
    },
    seen: (): Seen<unknown> => ({
      context: now.snapshot.context as unknown,
      before: before.snapshot.context as unknown,
      last,
      snapshot: now.snapshot,
      running: now.actors.map(({ id }) => id),
      told: (id) => told.filter((event) => (event as { to?: string }).to === id),
      done: (action) => does.filter(([name]) => name === action).map(([, params]) => params),
      emitted,
    }),
  };
};
type Run = ReturnType<typeof startRun>;

/** Where a path leads, and what may happen there. */
interface Place {
  readonly path: Path;
  readonly next: readonly Happening[];
}

/** Learns what the runs come to. */
export interface Witness {
  /** A step was taken for the first time from where it was taken. */
  observed(observation: Observation): void;
  /** A run has come to the end of its path. */
  arrived(path: Path, seen: Seen<unknown>): void;
}

/** The runs of a model's machine, whose transitions are the same ones in all of them. */
export const explorerOf = (model: MachineModel) => {
  const states = statesOf(model.machine);
  const all = happeningsOf({ ...model, states });
  const subjects = subjectOf(model);
  const timers = new Map(
    Object.entries(states).flatMap(([state, { after }]) =>
      Object.keys(after).map((delay) => [timerType(model.machine.id, { state, delay }), { state, delay }] as const),
    ),
  );
  const situationOf = ({ snapshot, ...now }: Observation): Situation => ({
    leaves: leavesIn(snapshot),
    context: snapshot.context as Context,
    actors: now.actors.map((actor) => ({ ...actor, state: '' })),
    timers: now.timers.flatMap((timer) => {
      const named = timers.get(timer.type);
      return named ? [{ ...timer, ...named }] : [];
    }),
  });

  const explore = (region: Region<unknown>, witness: Witness): Exploration => {
    const used = all.filter(({ label }) => region.uses?.(label) ?? true);
    const places = new Map<string, Place>();
    const paths: Path[] = [];
    let edges = 0;
    let steps = 0;

    const placeAt = (run: Run, path: Path): { key: string; place: Place } => {
      const { snapshot, actors, timers: waiting } = run.now();
      const now = situationOf(run.now());
      const { value, status, context, machine } = snapshot;
      const key = JSON.stringify([
        value,
        status,
        actors.map(({ id }) => id).toSorted(),
        waiting.map(({ type }) => type).toSorted(),
        region.key(context as unknown),
      ]);
      const next = used.filter(
        ({ event, isPossible }) => isPossible(now) && machine.getTransitionData(snapshot, event).length > 0,
      );
      return { key, place: { path, next } };
    };

    /** Goes a path again, and on from there. */
    const go = (known: Path, next: readonly Happening[]): { run: Run; path: Path } => {
      const subject = subjects.start(region.input);
      const run = startRun(subject);
      for (const { happening } of known) run.apply(happening);
      const gone = next.map((happening): Step => {
        run.apply(happening);
        witness.observed(run.now());
        return { happening, value: run.now().snapshot.value as StateValue };
      });
      subject.stop();
      const path = [...known, ...gone];
      steps += path.length;
      witness.arrived(path, run.seen());
      return { run, path };
    };

    const begin = go(
      [],
      (region.prelude ?? []).map((label) => named(all, label)),
    );
    const first = placeAt(begin.run, begin.path);
    places.set(first.key, first.place);
    // A map is iterated in the order of insertion, with what is inserted meanwhile.
    for (const { path: known, next } of places.values()) {
      for (const happening of next) {
        const { run, path } = go(known, [happening]);
        const { key, place } = placeAt(run, path);
        edges += 1;
        const isNew = !places.has(key);
        if (isNew) places.set(key, place);
        if (!isNew || place.next.length === 0) paths.push(path);
      }
    }
    return { situations: places.size, edges, steps, paths };
  };
  return { machine: subjects.machine, explore };
};
