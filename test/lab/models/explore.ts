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
    /** @returns Forgets what was told and done from here on, for a run that has come back to where it was. */
    mark: () => {
      const logs = [told, emitted, does].map((log) => [log, log.length] as const);
      return (): void => {
        for (const [log, length] of logs) log.length = length;
      };
    },
    stop: () => subject.stop(),
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

/** Tells two situations apart, by this of their contexts. */
const keyedBy =
  (keyOfContext: (context: unknown) => unknown) =>
  ({ snapshot: { value, status, context }, actors, timers }: Observation): string =>
    JSON.stringify([
      value,
      status,
      actors.map(({ id }) => id).toSorted(),
      timers.map(({ type }) => type).toSorted(),
      keyOfContext(context),
    ]);

const wholeOf = keyedBy((context) => context);

/** Where a path leads, and what may happen there. */
interface Place {
  readonly path: Path;
  readonly next: readonly Happening[];
}

/** Learns what the runs come to. */
export interface Witness {
  /** A run has begun, or a step was taken for the first time from where it was taken. */
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
      const where = timers.get(timer.type);
      return where ? [{ ...timer, ...where }] : [];
    }),
  });

  const explore = (region: Region<unknown>, witness: Witness): Exploration => {
    const used = all.filter(({ label }) => region.uses?.(label) ?? true);
    const places = new Map<string, Place>();
    const paths: Path[] = [];
    let edges = 0;
    let steps = 0;

    const keyOf = keyedBy(region.key);
    /** What may happen, and means anything to the machine. */
    const nextOf = (now: Observation): Happening[] => {
      const situation = situationOf(now);
      const { snapshot } = now;
      return used.filter(
        ({ event, isPossible }) =>
          isPossible(situation) && snapshot.machine.getTransitionData(snapshot, event).length > 0,
      );
    };

    /** Begins a run, and goes a path that is known. */
    const repeat = (known: Path) => {
      const run = startRun(subjects.start(region.input));
      witness.observed(run.now());
      for (const { happening } of known) run.apply(happening);
      steps += known.length;
      return run;
    };

    type Run = ReturnType<typeof repeat>;

    const goOn = (run: Run, known: Path, next: readonly Happening[]): Path => {
      const gone = next.map((happening): Step => {
        run.apply(happening);
        witness.observed(run.now());
        return { happening, value: run.now().snapshot.value as StateValue };
      });
      const path = [...known, ...gone];
      steps += next.length;
      witness.arrived(path, run.seen());
      return path;
    };

    /** @returns Whether the path ends here: others go on from there, or nothing does. */
    const arrive = (now: Observation, path: Path): boolean => {
      const key = keyOf(now);
      if (places.has(key)) return true;
      const next = nextOf(now);
      places.set(key, { path, next });
      return next.length === 0;
    };

    const arriveAt = (known: Path) => {
      const run = repeat(known);
      return { run, forget: run.mark(), here: wholeOf(run.now()) };
    };

    /** Tries all that may happen at a place. A run that what happened has not changed takes the next thing, too. */
    const leave = ({ path: known, next }: Place): void => {
      let there: ReturnType<typeof arriveAt> | undefined;
      for (const happening of next) {
        there ??= arriveAt(known);
        const { run, forget, here } = there;
        const path = goOn(run, known, [happening]);
        const now = run.now();
        edges += 1;
        if (arrive(now, path)) paths.push(path);
        forget();
        if (wholeOf(now) === here) continue;
        run.stop();
        there = undefined;
      }
      there?.run.stop();
    };

    const first = repeat([]);
    const prelude = (region.prelude ?? []).map((label) => named(all, label));
    const start = goOn(first, [], prelude);
    arrive(first.now(), start);
    first.stop();
    // A map is iterated in the order of insertion, with what is inserted meanwhile.
    for (const place of places.values()) leave(place);
    return { situations: places.size, edges, steps, paths };
  };
  return { machine: subjects.machine, explore };
};
