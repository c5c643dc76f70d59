import type { AnyEventObject } from 'xstate';
import type { Call, MachineTable, Message, Row, TableState } from './table.ts';
import type { Happening } from './happenings.ts';
import { chainOf, later, type Context, type Situation } from './situation.ts';

type AnyRow = Omit<Row<Context>, 'when'> & { when?: (context: Context, event: AnyEventObject) => boolean };
type AnyState = TableState<Context>;

/** What happens by itself. */
const always = 'always';
const none: AnyEventObject = { type: 'xstate.init' };

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
  const canHappen = (leaf: string, event: string) => event === always || table.states[leaf]?.isPassing !== true;
  const leaves = leavesOf(table);
  return new Map(
    leaves.map((leaf) => {
      const own = rows.filter(({ from }) => chainOf(leaf).some((state) => from.includes(state)));
      const known = new Set(own.map(({ event }) => event));
      const others = rows.filter(
        ({ from, event }) => from.includes('any') && !known.has(event) && canHappen(leaf, event),
      );
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
      Object.entries(states[state]?.runs ?? {}).map(([id, input]) => ({
        state,
        id,
        input: input?.(context),
        isNew: true,
      })),
    );
    const timers = entered.flatMap((state) =>
      Object.entries(states[state]?.after ?? {}).map(([delay, ms]) => ({
        state,
        delay,
        ms: valueOf(ms, 0, context),
        isNew: true,
      })),
    );
    return { ...situation, actors: [...situation.actors, ...actors], timers: [...situation.timers, ...timers] };
  };

  const move = (situation: Situation, { row, leaf }: Line): Situation => {
    const { to, anew } = row;
    if (to === undefined) return situation;
    const targets = to.split(' ');
    const unknown = targets.find((target) => !(target in states));
    if (unknown !== undefined) throw new Error(`"${unknown}" is no state of the table`);
    const entered = new Set(targets.flatMap(chainOf));
    const shared = chainOf(leaf).filter(
      (state) => state !== anew && targets.every((target) => target.startsWith(`${state}.`)),
    );
    const kept = anew === undefined ? shared : shared.slice(0, chainOf(anew).length - 1);
    // Whatever lies in the last one that is kept is left, with all regions that it has.
    const inner = kept.at(-1);
    const isLeft = (state: string) => inner === undefined || state.startsWith(`${inner}.`);
    const stays = ({ state }: { readonly state: string }) => !isLeft(state);
    const left: Situation = {
      ...situation,
      leaves: situation.leaves.flatMap((one) => (one === leaf ? targets : isLeft(one) ? [] : [one])),
      actors: situation.actors.filter(stays),
      timers: situation.timers.filter(stays),
    };
    return enter(
      left,
      [...entered].filter((state) => !kept.includes(state)),
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

  const linesFor = (leaves: readonly string[], name: string, context: Context, event: AnyEventObject): Line[] =>
    leaves.flatMap((leaf) => lineFor(leaf, name, context, event) ?? []);

  /** Follows a line once, for all the states that share it; not from a state that an earlier line has left. */
  const followOnce = (before: Prediction, line: Line, event: AnyEventObject): Prediction => {
    if (before.lines.some(({ row }) => row === line.row)) return { ...before, lines: [...before.lines, line] };
    return before.situation.leaves.includes(line.leaf) ? follow(before, line, event) : before;
  };

  const atRest = (now: Prediction): Prediction => {
    const passing = now.situation.leaves.find((leaf) => states[leaf]?.isPassing);
    if (passing !== undefined) throw new Error(`No side of "${always}" in "${passing}" holds`);
    return now;
  };

  /** Follows what happens by itself, until nothing does. */
  const settled = (first: Prediction, event: AnyEventObject): Prediction => {
    let now = first;
    for (let steps = 0; steps < maxSteps; steps += 1) {
      const { leaves, context } = now.situation;
      const [line, ...others] = linesFor(leaves, always, context, event);
      if (line === undefined) return atRest(now);
      const shared = others.filter(({ row }) => row === line.row);
      const then = follow(now, line, event);
      now = { ...then, lines: [...then.lines, ...shared] };
    }
    throw new Error('The table goes on by itself without an end');
  };

  return {
    /** @param change What is different in the context that a walk begins with. */
    start: (change: object = {}): Prediction => {
      const { states: first, does = [] } = table.start;
      const context: Context = { ...(table.start.context as object), ...change };
      const bare: Situation = { leaves: first, context, actors: [], timers: [] };
      const situation = enter(bare, [...new Set(first.flatMap(chainOf))]);
      return settled({ situation, told: [], does, lines: [] }, none);
    },
    next: (situation: Situation, { name, event, state, ends }: Happening): Prediction => {
      const asked = situation.leaves.filter((leaf) => state === undefined || chainOf(leaf).includes(state));
      const found = linesFor(asked, name, situation.context, event);
      const begun = unchanged(ends(later(situation)));
      return settled(
        found.reduce((now, line) => followOnce(now, line, event), begun),
        event,
      );
    },
    lines: [...lines.values()].flat(),
  };
};
