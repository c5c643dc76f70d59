import type { JsonValue } from '../../../services/json.ts';
import type { RunAbout } from '../wire.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { chunkLength, createRows, emptyRow, type Row, type Rows } from './rows.ts';
import { apply, copyOf, createFold, goOn, isAside, type Fold, type UnitState } from './state.ts';
import { createTopics, type Topics } from './topics.ts';

/** A machine that a unit had in one of its runs. */
export interface Actor {
  readonly path: string;
  /** Its index on the wire, in its run. */
  readonly index: number;
  /** Number of its parent, or -1. */
  readonly parent: number;
  readonly hash: string;
  readonly run: number;
}

export interface Run extends RunAbout {
  /** When it began, in Unix milliseconds: no earlier than the last row of the run before. */
  readonly base: number;
}

/** A machine's config, and the id under which it came. */
export interface ChartConfig {
  readonly id: string;
  readonly config: JsonValue;
}

/** Everything that was read of one unit. */
export interface Source {
  readonly name: string;
  readonly runs: readonly Run[];
  readonly actors: readonly Actor[];
  readonly charts: ReadonlyMap<string, ChartConfig>;
  /** Keys of the topics in the newest schema. */
  readonly topicKeys: ReadonlyMap<string, string>;
  readonly rows: Rows;
  readonly lanes: Lanes;
  readonly topics: Topics;
  /** Numbers of the rows of the log. */
  readonly log: readonly number[];
  /** Lines that the unit, or the way from it, dropped. */
  readonly lost: number;
  /** Rows that were dropped here, as there were too many. */
  readonly forgotten: number;
  /** The unit after all rows. */
  readonly latest: UnitState;
}

/** A source while lines are read into it. */
export interface OpenSource extends Source {
  readonly runs: Run[];
  readonly actors: Actor[];
  readonly charts: Map<string, ChartConfig>;
  /** The unit before the first row of each chunk that is kept. */
  readonly checkpoints: UnitState[];
  readonly latest: Fold;
  topicKeys: ReadonlyMap<string, string>;
  log: number[];
  lost: number;
  forgotten: number;
  /** Numbers of the run's machines by their index on the wire. */
  numbers: Map<number, number>;
  /** Count of the next line, as headers count them. */
  nextLine: number | undefined;
  /** Lines that were lost, and have no row yet. */
  unmarked: number;
  /** Time of the last row. */
  last: number;
}

export const createSource = (name: string): OpenSource => ({
  name,
  runs: [],
  actors: [],
  charts: new Map(),
  topicKeys: new Map(),
  rows: createRows(),
  lanes: createLanes(),
  topics: createTopics(),
  checkpoints: [],
  latest: createFold(),
  log: [],
  lost: 0,
  forgotten: 0,
  numbers: new Map(),
  nextLine: undefined,
  unmarked: 0,
  last: 0,
});

/** What people look for in the stream of rows. */
const markOf = ({ kind, name, count, detail }: Row): readonly [what: string, text: string] | undefined => {
  if (kind === 'mark') return [name, typeof detail === 'string' ? detail : ''];
  if (kind === 'run' && count > 0) return ['restart', 'The unit started again'];
  if (kind === 'end') return ['end', name];
  if (kind === 'lost') return ['lost', `${count} lines lost`];
  return undefined;
};

/** Enters on its machine's lane what a step changed. */
const noteStep = ({ actors, latest, lanes }: OpenSource, row: Row, valueBefore: string | undefined): void => {
  const actor = actors[row.actor];
  const { value = '', status } = latest.actors.get(row.actor) ?? {};
  if (!actor) return;
  if (value !== valueBefore) lanes.enter(actor.path, row.at, actor.hash, value);
  if (status !== 'active') lanes.leave(actor.path, row.at);
};

/** Enters all machines anew: it was not their run that ended. */
const resumeLanes = ({ actors, latest, lanes }: OpenSource, at: number): void => {
  for (const { actor, value, status } of latest.actors.values()) {
    const { path = '', hash = '' } = actors[actor] ?? {};
    if (status === 'active' && value !== '') lanes.enter(path, at, hash, value);
  }
};

/** Adds a row, and all that is known from it; gives its number. */
export const push = (source: OpenSource, given: Partial<Row> & Pick<Row, 'kind'>, at = source.last): number => {
  if (source.unmarked > 0 && given.kind !== 'run') {
    const count = source.unmarked;
    source.unmarked = 0;
    push(source, { kind: 'lost', count }, at);
  }
  const { rows, latest, lanes, checkpoints } = source;
  const row = { ...emptyRow, ...given, at };
  const number = rows.next;
  source.last = at;
  if (number % chunkLength === 0) checkpoints.push(copyOf(latest));
  rows.push(row);
  const { outbox } = latest.figures;
  const value = latest.actors.get(row.actor)?.value;
  const hadEnded = latest.end !== undefined;
  apply(latest, row, number);
  if (hadEnded && latest.end === undefined && row.kind !== 'run') resumeLanes(source, at);
  const mark = markOf(row);
  if (mark) lanes.marks.push({ at, row: number, what: mark[0], text: mark[1] });
  if (row.kind === 'run' || row.kind === 'end') lanes.leaveAll(at);
  if (row.kind === 'l') source.log.push(number);
  if (row.kind === 'actor') lanes.open(source.actors[row.actor]?.path ?? '');
  if (row.kind === 's') noteStep(source, row, value);
  const depth = latest.figures.outbox;
  if (depth !== undefined && depth !== outbox) lanes.outbox.push(at, depth);
  return number;
};

/** The unit after all rows before a number: reads at most a chunk of them. */
export const stateBefore = (source: Source, row: number): UnitState => {
  const { rows, latest, checkpoints } = source as OpenSource;
  const end = Math.max(rows.first, Math.min(row, rows.next));
  if (end === rows.next) return copyOf(latest);
  const index = Math.floor((end - rows.first) / chunkLength);
  const state = copyOf(checkpoints[index] ?? createFold());
  for (let number = rows.first + index * chunkLength; number < end; number += 1) {
    const kind = rows.kindOf(number);
    if (isAside(kind)) goOn(state, kind);
    else apply(state, rows.row(number), number);
  }
  return state;
};

/** Forgets the oldest rows. */
export const dropChunk = (source: OpenSource): void => {
  const { rows, checkpoints, lanes, topics } = source;
  const before = rows.first;
  rows.dropChunk();
  checkpoints.shift();
  source.forgotten += rows.first - before;
  source.log = source.log.filter((number) => number >= rows.first);
  const oldest = rows.first < rows.next ? rows.atOf(rows.first) : source.last;
  lanes.dropTo(oldest);
  topics.dropTo(rows.first);
};
