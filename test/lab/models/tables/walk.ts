import type { Coverage } from '../coverage.ts';
import { compare } from './compare.ts';
import { subjectOf, type Observation } from './drive.ts';
import { happeningsOf, named, type Happening } from './happenings.ts';
import { createPlaces, wayTo, type Place } from './places.ts';
import { nameOfLine, predictions, type Line, type Prediction } from './predictions.ts';
import { createReached } from './reached.ts';
import type { MachineTable, TableWalk } from './table.ts';

/** What was walked of a machine against its table. */
export interface Walked extends Coverage {
  /** Lines of the table, each for each state that it starts from. */
  readonly lines: number;
  /** Lines of the table that no path reached. */
  readonly missedLines: readonly string[];
}

/** What was reached over all paths of a walk. */
const createRecord = (table: MachineTable) => {
  const lines = new Set<string>();
  const reached = createReached();
  const nameOf = (line: Line) => `${nameOfLine(line)} (line ${table.rows.indexOf(line.row as never) + 1})`;
  return {
    note: (seen: Observation, predicted: Prediction): void => {
      for (const line of predicted.lines) lines.add(nameOf(line));
      reached.note(seen);
    },
    of: (machine: MachineTable['machine'], all: readonly Line[]) => ({
      ...reached.of(machine),
      missedLines: all.map(nameOf).filter((name) => !lines.has(name)),
    }),
  };
};

type Counts = Pick<Coverage, 'situations' | 'edges' | 'paths' | 'steps'>;

/** What all walks over a table share. */
interface Surroundings {
  readonly subjects: ReturnType<typeof subjectOf>;
  readonly predicting: ReturnType<typeof predictions>;
  readonly record: ReturnType<typeof createRecord>;
}

const isUnfinished = ({ untried }: Place): boolean => untried.length > 0;

/** More than any walk takes; a walk that takes as many goes in circles, as its table's key tells too little apart. */
const maxSteps = 1_000_000;

const walkOnce = (table: MachineTable, walk: TableWalk, around: Surroundings): Counts => {
  const { subjects, predicting, record } = around;
  const { start: predicted, next } = predicting;
  const all = happeningsOf(table);
  const places = createPlaces(
    walk,
    all.filter(({ label }) => walk.uses?.(label) ?? true),
  );
  const counts = { paths: 0, steps: 0, edges: 0 };
  let subject = subjects.start(walk.input);
  let now = predicted(walk.context);
  let first: Place | undefined;

  const explained = (step: string, cause: unknown): Error => {
    const here = places.of(now.situation);
    const way = (first && wayTo(first, (place) => place === here)) ?? [];
    const path = [...(walk.prelude ?? []), ...way.map(({ label }) => label), step].join(' / ');
    const why = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${table.machine.id}: after ${path}: ${why}`, { cause });
  };

  const check = (step: string, follow: () => Prediction, see: () => Observation): void => {
    try {
      const then = follow();
      const seen = see();
      compare(table, seen, then);
      record.note(seen, then);
      now = then;
    } catch (cause) {
      throw explained(step, cause);
    }
  };

  const apply = (happening: Happening): void => {
    const { situation } = now;
    check(
      happening.label,
      () => next(situation, happening),
      () => subject.apply(happening),
    );
    counts.steps += 1;
  };

  const begin = (): Place => {
    subject.stop();
    subject = subjects.start(walk.input);
    counts.paths += 1;
    check(
      'the start',
      () => predicted(walk.context),
      () => subject.first,
    );
    for (const label of walk.prelude ?? []) apply(named(all, label));
    return places.of(now.situation);
  };

  const take = (happening: Happening): void => {
    if (counts.steps === maxSteps) throw explained(happening.label, new Error('the walk goes in circles'));
    const { untried, ways } = places.of(now.situation);
    apply(happening);
    const at = untried.indexOf(happening);
    if (at !== -1) counts.edges += untried.splice(at, 1).length;
    ways.set(happening, places.of(now.situation));
  };

  first = begin();
  for (;;) {
    const here = places.of(now.situation);
    const [untried] = here.untried;
    const way = untried ? [untried] : wayTo(here, isUnfinished);
    if (way) for (const happening of way) take(happening);
    else if (wayTo(first, isUnfinished)) begin();
    else break;
  }
  subject.stop();
  return { situations: places.size, ...counts };
};

/**
 * Walks over every situation that a table knows, tries all that can happen in each, and holds the machine to what the
 * table says: its states and their tags, its context, whom it tells what, and which actors and timers run.
 *
 * @throws At the first step that is not as the table says, with the shortest path to it.
 */
export const walkTable = (table: MachineTable): Walked => {
  const around: Surroundings = {
    subjects: subjectOf(table),
    predicting: predictions(table),
    record: createRecord(table),
  };
  const counts = { situations: 0, edges: 0, paths: 0, steps: 0 };
  for (const walk of table.walks) {
    const { situations, edges, paths, steps } = walkOnce(table, walk, around);
    counts.situations += situations;
    counts.edges += edges;
    counts.paths += paths;
    counts.steps += steps;
  }
  const { machine } = around.subjects;
  const { lines } = around.predicting;
  return {
    machine: machine.id,
    lines: lines.length,
    ...counts,
    ...around.record.of(machine, lines),
  };
};
