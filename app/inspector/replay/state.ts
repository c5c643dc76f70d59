import type { JsonObject, JsonValue } from '../../../services/json.ts';
import type { Figures } from '../wire.ts';
import type { Row, RowKind } from './rows.ts';

export type ActorStatus = 'active' | 'done' | 'error' | 'stopped';

/** The last event that a machine took. */
export interface TakenEvent {
  readonly row: number;
  readonly at: number;
  /** The event's type, and its fields where it has some. */
  readonly type: string;
  readonly fields: JsonValue | undefined;
  /** Number of the machine that sent it, or -1. */
  readonly from: number;
}

/** A machine at a moment. */
export interface ActorState {
  /** Its number in its unit's list over all runs. */
  readonly actor: number;
  /** Its state value as JSON; empty while it is unknown. */
  readonly value: string;
  /** When it entered that state value, in Unix milliseconds. */
  readonly since: number;
  readonly context: Readonly<Record<string, JsonValue>>;
  /** Keys of the context that the last event changed. */
  readonly changed: readonly string[];
  readonly status: ActorStatus;
  /** Delayed events that it waits for, and when each is due in Unix milliseconds. */
  readonly due: readonly (readonly [event: string, at: number])[];
  readonly event: TakenEvent | undefined;
  /** Transitions of the last event that took any, `from>to`, and that event's row. */
  readonly edges: readonly string[];
  readonly edgesRow: number;
  /** How many of its events have no row, as it was sampled. */
  readonly skipped: number;
}

/** A unit at a moment. */
export interface UnitState {
  /** Number of the run, or -1 before the first. */
  readonly run: number;
  /** Machines of the run by their number. */
  readonly actors: ReadonlyMap<number, ActorState>;
  readonly figures: Figures;
  readonly settings: JsonObject | undefined;
  readonly settingsAt: number;
  /** Why the run ended; `undefined` while it goes on. */
  readonly end: string | undefined;
}

/** A unit while rows are read into it. */
export interface Fold extends UnitState {
  run: number;
  actors: Map<number, ActorState>;
  figures: Figures;
  settings: JsonObject | undefined;
  settingsAt: number;
  end: string | undefined;
}

export const createFold = (): Fold => ({
  run: -1,
  actors: new Map(),
  figures: {},
  settings: undefined,
  settingsAt: 0,
  end: undefined,
});

/** A copy that stays as it is; machines are values that are never changed. */
export const copyOf = (state: UnitState): Fold => ({ ...state, actors: new Map(state.actors) });

export const newActor = (actor: number, at: number): ActorState => ({
  actor,
  value: '',
  since: at,
  context: {},
  changed: [],
  status: 'active',
  due: [],
  event: undefined,
  edges: [],
  edgesRow: -1,
  skipped: 0,
});

/** Where a machine stands by a checkpoint: its number, value as JSON, context, status and timers. */
export type Standing = readonly [
  actor: number,
  value: string,
  context: JsonObject,
  status: ActorStatus,
  due: ActorState['due'],
];

/** What a step says besides its value and edges. */
export type StepDetail = readonly [event: JsonValue, changed: JsonObject | 0, status: ActorStatus | 0];

const step = (before: ActorState, row: Row, number: number): ActorState => {
  const [fields, changed, status] = (row.detail ?? [0, 0, 0]) as unknown as StepDetail;
  const edges = row.edges === '' ? undefined : (JSON.parse(row.edges) as string[]);
  return {
    ...before,
    ...(row.value !== '' && row.value !== before.value && { value: row.value, since: row.at }),
    ...(changed !== 0 && { context: { ...before.context, ...changed } }),
    ...(status !== 0 && { status }),
    ...(edges && { edges, edgesRow: number }),
    changed: changed === 0 ? [] : Object.keys(changed),
    event: { row: number, at: row.at, type: row.name, fields: fields === 0 ? undefined : fields, from: row.from },
  };
};

const stand = (state: Fold, row: Row): void => {
  const [standings, figures] = row.detail as unknown as readonly [readonly Standing[], Figures];
  for (const [actor, value, context, status, due] of standings) {
    const before = state.actors.get(actor) ?? newActor(actor, row.at);
    const since = value === before.value ? before.since : row.at;
    state.actors.set(actor, { ...before, value, since, context, status, due });
  }
  state.figures = { ...state.figures, ...figures };
};

const asides: readonly RowKind[] = ['m', 'mf', 'l', 'mark', 'lost'];

/** Whether rows of a kind say nothing of a unit's state but that it goes on. */
export const isAside = (kind: RowKind): boolean => asides.includes(kind);

/** Notes that a unit goes on after what seemed its end. */
export const goOn = (state: Fold, kind: RowKind): void => {
  if (state.end !== undefined && kind !== 'run' && kind !== 'end' && kind !== 'lost') state.end = undefined;
};

/** Reads the next row into a unit's state. */
export const apply = (state: Fold, row: Row, number: number): void => {
  goOn(state, row.kind);
  const actor = state.actors.get(row.actor);
  switch (row.kind) {
    case 's':
      if (actor) state.actors.set(row.actor, step(actor, row, number));
      return;
    case 'timers':
      if (actor) state.actors.set(row.actor, { ...actor, due: row.detail as unknown as ActorState['due'] });
      return;
    case 'sampled':
      if (actor) state.actors.set(row.actor, { ...actor, skipped: actor.skipped + row.count });
      return;
    case 'actor':
      // `from` is the machine in whose place it comes.
      state.actors.delete(row.from);
      state.actors.set(row.actor, newActor(row.actor, row.at));
      return;
    case 'k':
      return stand(state, row);
    case 'f':
      state.figures = { ...state.figures, ...(row.detail as Figures) };
      return;
    case 'env':
      state.settings = row.detail as JsonObject;
      state.settingsAt = row.at;
      return;
    case 'run':
      Object.assign(state, createFold(), { run: row.count, settings: state.settings, settingsAt: state.settingsAt });
      return;
    case 'end':
      state.end = row.name;
      return;
    case 'm':
    case 'mf':
    case 'l':
    case 'mark':
    case 'lost':
  }
};
