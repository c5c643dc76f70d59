import type { AnyEventObject } from 'xstate';
import type { Call, MachineTable, Message, Row, TableState } from './table.ts';
import type { Happening } from './happenings.ts';
import { chainOf, type Context, type Situation } from './situation.ts';

type AnyRow = Omit<Row<Context>, 'when'> & { when?: (context: Context, event: AnyEventObject) => boolean };
type AnyState = TableState<Context>;

/** What a table says will follow. */
export interface Prediction {
  readonly situation: Situation;
  readonly told: readonly Message[];
  readonly does: readonly Call[];
  /** The lines that said so, each with the state that it was looked up for. */
  readonly lines: readonly Line[];
}

/** One line of a table, for one of the states that it starts from. */
export interface Line {
  readonly row: AnyRow;
  readonly leaf: string;
}

/** The states that have none below them. */
export const leavesOf = ({ states }: MachineTable): string[] => {
  const paths = Object.keys(states);
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}.`)));
};

/** A line in words. */
export const nameOfLine = ({ row, leaf }: Line): string =>
  `${leaf}: ${row.event}${row.when ? ' (one side)' : ''}${row.to === undefined ? '' : ` -> ${row.to}`}`;

/** The lines for each state, so that `any` stands where nothing else does, and a state for all below it. */
const linesByState = (table: MachineTable): Map<string, Line[]> => {
  const rows = table.rows as unknown as readonly AnyRow[];
  const leaves = leavesOf(table);
  return new Map(
    leaves.map((leaf) => {
      const own = rows.filter(({ from }) => chainOf(leaf).some((state) => from.includes(state)));
      const known = new Set(own.map(({ event }) => event));
      const others = rows.filter(({ from, event }) => from.includes('any') && !known.has(event));
      return [leaf, [...own, ...others].map((row) => ({ row, leaf }))];
    }),
  );
};

/** The most steps that may follow each other by themselves. */
const maxSteps = 50;

/** What a table gives as it is, or as a function of what happens. */
const valueOf = <TValue>(given: unknown, otherwise: TValue, ...args: readonly unknown[]): TValue => {
  if (given === undefined) return otherwise;
  return typeof given === 'function' ? (given as (...args: readonly unknown[]) => TValue)(...args) : (given as TValue);
};

/** What follows where the table says nothing. */
const unchanged = (situation: Situation): Prediction => ({ situation, told: [], does: [], lines: [] });

/** What a table predicts, step by step. */
export const predictions = (table: MachineTable) => {
  const states = table.states as unknown as Readonly<Record<string, AnyState>>;
  const lines = linesByState(table);

  const enter = (situation: Situation, entered: readonly string[]): Situation => {
    const { context } = situation;
    const actors = entered.flatMap((state) =>
      Object.entries(states[state]?.runs ?? {}).map(([id, input]) => ({ state, id, input: input?.(context) })),
    );
    const timers = entered.flatMap((state) =>
      Object.entries(states[state]?.after ?? {}).map(([delay, ms]) => ({
        state,
        delay,
        ms: valueOf(ms, 0, context),
      })),
    );
    return { ...situation, actors: [...situation.actors, ...actors], timers: [...situation.timers, ...timers] };
  };

  const move = (situation: Situation, { row, leaf }: Line): Situation => {
    const { to, anew } = row;
    if (to === undefined) return situation;
    const target = chainOf(to);
    if (!(to in states)) throw new Error(`"${to}" is no state of the table`);
    const common = chainOf(leaf).filter((state) => target.includes(state) && state !== to && state !== anew);
    const kept = new Set(anew === undefined ? common : common.slice(0, target.indexOf(anew)));
    const stays = (state: string) => kept.has(state) || !chainOf(leaf).includes(state);
    const left: Situation = {
      ...situation,
      leaves: situation.leaves.map((one) => (one === leaf ? to : one)),
      actors: situation.actors.filter(({ state }) => stays(state)),
      timers: situation.timers.filter(({ state }) => stays(state)),
    };
    return enter(
      left,
      target.filter((state) => !kept.has(state)),
    );
  };

  const follow = (before: Prediction, line: Line, event: AnyEventObject): Prediction => {
    const { row } = line;
    const { situation } = before;
    const context = { ...situation.context, ...valueOf(row.context, {}, situation.context, event) };
    return {
      situation: move({ ...situation, context }, line),
      told: [...before.told, ...valueOf(row.told, [], context, event, situation.context)],
      does: [...before.does, ...valueOf(row.does, [], context, event)],
      lines: [...before.lines, line],
    };
  };

  /** The line that holds for this event in this state. */
  const lineFor = (leaf: string, name: string, context: Context, event: AnyEventObject): Line | undefined => {
    const all = lines.get(leaf)?.filter(({ row }) => row.event === name) ?? [];
    const holding = all.filter(({ row }) => row.when?.(context, event) ?? true);
    if (holding.length > 1) throw new Error(`Two lines hold: ${holding.map(nameOfLine).join('; ')}`);
    if (all.length > 0 && holding.length === 0 && name !== always)
      throw new Error(`No side of "${name}" in "${leaf}" holds`);
    return holding[0];
  };

  /** Follows what happens by itself, until nothing does. */
  const settled = (first: Prediction, event: AnyEventObject): Prediction => {
    let now = first;
    for (let steps = 0; steps < maxSteps; steps += 1) {
      const { leaves, context } = now.situation;
      const line = leaves.map((leaf) => lineFor(leaf, always, context, event)).find((found) => found !== undefined);
      if (line === undefined) return now;
      now = follow(now, line, event);
    }
    throw new Error('The table goes on by itself without an end');
  };

  return {
    /** @param change What is different in the context that a walk begins with. */
    start: (change: object = {}): Prediction => {
      const { states: first, told, does = [] } = table.start;
      const context: Context = { ...(table.start.context as object), ...change };
      const bare: Situation = { leaves: first, context, actors: [], timers: [] };
      const situation = enter(bare, [...new Set(first.flatMap(chainOf))]);
      return settled({ situation, told: valueOf(told, [], context), does, lines: [] }, none);
    },
    next: (situation: Situation, { name, event, state, ends }: Happening): Prediction => {
      const begun = unchanged(ends(situation));
      const asked = situation.leaves.filter((leaf) => state === undefined || chainOf(leaf).includes(state));
      const found = asked.flatMap((leaf) => lineFor(leaf, name, situation.context, event) ?? []);
      const isShared = found.every(({ row }) => row === found[0]?.row && row.to === undefined);
      const followed = isShared ? found.slice(0, 1) : found;
      const done = followed.reduce((now, line) => follow(now, line, event), begun);
      return settled({ ...done, lines: [...done.lines, ...found.slice(followed.length)] }, event);
    },
    lines: [...lines.values()].flat(),
  };
};

const always = 'always';
const none: AnyEventObject = { type: 'xstate.init' };
