import type { AnyTransitionDefinition } from 'xstate';
import type { Coverage } from '../coverage.ts';
import { declaredStates, declaredTransitions } from '../../../../app/testing/walk/chart.ts';
import { compare } from './compare.ts';
import { leavesIn, subjectOf, type Observation } from './drive.ts';
import { happeningsOf, type Happening } from './happenings.ts';
import { createPlaces, wayTo, type Place } from './places.ts';
import { nameOfLine, predictions, type Line, type Prediction } from './predictions.ts';
import { chainOf } from './situation.ts';
import type { MachineTable } from './table.ts';

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
  const states = new Set<string>();
  const transitions = new Set<AnyTransitionDefinition>();
  const nameOf = (line: Line) => `${nameOfLine(line)} (line ${table.rows.indexOf(line.row as never) + 1})`;
  return {
    note: (seen: Observation, predicted: Prediction): void => {
      for (const line of predicted.lines) lines.add(nameOf(line));
      for (const transition of seen.transitions) transitions.add(transition);
      // Those that a step only passed, too.
      const passed = seen.transitions.flatMap(({ target = [] }) => target.map(({ path }) => path.join('.')));
      for (const state of [...leavesIn(seen.snapshot), ...passed].flatMap(chainOf)) states.add(state);
    },
    missed: (machine: MachineTable['machine'], all: readonly Line[]) => ({
      missedStates: declaredStates(machine).filter((state) => !states.has(state)),
      missedTransitions: [...declaredTransitions(machine)].flatMap(([transition, name]) =>
        transitions.has(transition) ? [] : [name],
      ),
      missedLines: all.map(nameOf).filter((name) => !lines.has(name)),
    }),
  };
};

const isUnfinished = ({ untried }: Place): boolean => untried.length > 0;

/** More than any walk takes; a walk that takes as many goes in circles, as its table's key tells too little apart. */
const maxSteps = 1_000_000;

/**
 * Walks over every situation that a table knows, tries all that can happen in each, and holds the machine to what the
 * table says: its states and their tags, its context, whom it tells what, and which actors and timers run.
 *
 * @throws At the first step that is not as the table says, with the shortest path to it.
 */
export const walkTable = (table: MachineTable): Walked => {
  const { start: predicted, next, lines } = predictions(table);
  const { machine, start } = subjectOf(table);
  const places = createPlaces(table, happeningsOf(table));
  const record = createRecord(table);
  const counts = { paths: 0, steps: 0, edges: 0 };
  let subject = start();
  let now = predicted();
  const first = places.of(now.situation);

  const explained = (step: string, cause: unknown): Error => {
    const here = places.of(now.situation);
    const way = wayTo(first, (place) => place === here) ?? [];
    const path = [...way.map(({ label }) => label), step].join(' / ');
    const why = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${machine.id}: after ${path}: ${why}`, { cause });
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

  const begin = (): void => {
    subject.stop();
    subject = start();
    counts.paths += 1;
    check('the start', predicted, () => subject.first);
  };

  const take = (happening: Happening): void => {
    if (counts.steps === maxSteps) throw explained(happening.label, new Error('the walk goes in circles'));
    const { untried, ways } = places.of(now.situation);
    const { situation } = now;
    check(
      happening.label,
      () => next(situation, happening),
      () => subject.apply(happening),
    );
    counts.steps += 1;
    const at = untried.indexOf(happening);
    if (at !== -1) counts.edges += untried.splice(at, 1).length;
    ways.set(happening, places.of(now.situation));
  };

  begin();
  for (;;) {
    const here = places.of(now.situation);
    const [untried] = here.untried;
    const way = untried ? [untried] : wayTo(here, isUnfinished);
    if (way) for (const happening of way) take(happening);
    else if (wayTo(first, isUnfinished)) begin();
    else break;
  }
  subject.stop();
  return {
    machine: machine.id,
    states: declaredStates(machine).length,
    transitions: declaredTransitions(machine).size,
    lines: lines.length,
    situations: places.size,
    ...counts,
    ...record.missed(machine, lines),
  };
};
