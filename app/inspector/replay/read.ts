import type { JsonObject, JsonValue } from '../../../services/json.ts';
import type {
  ActorLine,
  CheckpointLine,
  FateLine,
  MessageLine,
  RecordLine,
  RunAbout,
  SampledLine,
  StateValue,
  StepLine,
  TimersLine,
  WireLine,
} from '../wire.ts';
import { push, type OpenSource, type Run } from './source.ts';
import type { ActorState, Standing } from './state.ts';

const valueText = (value: StateValue | 0): string => (value === 0 ? '' : JSON.stringify(value));

const baseOf = ({ runs }: OpenSource): number => runs.at(-1)?.base ?? 0;

/** A time of the wire as Unix milliseconds, no earlier than the row before. */
const timeOf = (source: OpenSource, at: number): number => Math.max(source.last, baseOf(source) + at);

const isSameRun = (run: Run | undefined, about: RunAbout): boolean =>
  run?.startedAt === about.startedAt && run.pid === about.pid && run.unit === about.unit;

const begin = (source: OpenSource, about: RunAbout): void => {
  const { runs, topics, last } = source;
  if (isSameRun(runs.at(-1), about)) return;
  const base = Math.max(about.startedAt, last);
  source.numbers = new Map();
  topics.forget();
  runs.push({ ...about, base });
  push(source, { kind: 'run', count: runs.length - 1 }, base);
};

/** Gives the number of a machine, which is new unless the run has it already. */
const create = (source: OpenSource, [, at, index, path, parent, hash]: ActorLine): number => {
  const { actors, numbers, latest, runs } = source;
  const known = numbers.get(index);
  if (known !== undefined && actors[known]?.path === path) return known;
  const from = [...latest.actors.keys()].find((number) => actors[number]?.path === path) ?? -1;
  const actor = actors.push({ path, index, parent: numbers.get(parent) ?? -1, hash, run: runs.length - 1 }) - 1;
  numbers.set(index, actor);
  push(source, { kind: 'actor', actor, from }, timeOf(source, at));
  return actor;
};

const readStep = (source: OpenSource, line: StepLine): boolean => {
  const [, at, index, from, event, value, changed, edges, status] = line;
  const actor = source.numbers.get(index);
  if (actor === undefined) return false;
  const { type, ...fields } = typeof event === 'string' ? { type: event } : event;
  const hasFields = Object.keys(fields).length > 0;
  const detail = [hasFields ? fields : 0, changed as JsonObject | 0, status ?? 0];
  const row = {
    actor,
    from: source.numbers.get(from) ?? -1,
    name: type,
    value: valueText(value),
    edges: edges === 0 || edges === undefined || edges.length === 0 ? '' : JSON.stringify(edges),
    detail: detail.every((one) => one === 0) ? undefined : detail,
  };
  push(source, { kind: 's', ...row }, timeOf(source, at));
  return true;
};

const absolute = (source: OpenSource, due: TimersLine[3]): ActorState['due'] =>
  due.map(([event, at]) => [event, baseOf(source) + at]);

const readTimers = (source: OpenSource, [, at, index, due]: TimersLine): boolean => {
  const actor = source.numbers.get(index);
  if (actor === undefined) return false;
  const detail = absolute(source, due) as unknown as JsonValue;
  push(source, { kind: 'timers', actor, detail }, timeOf(source, at));
  return true;
};

const readSampled = (source: OpenSource, [, at, index, count]: SampledLine): boolean => {
  const actor = source.numbers.get(index);
  if (actor === undefined) return false;
  push(source, { kind: 'sampled', actor, count }, timeOf(source, at));
  return true;
};

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether a machine is already known to stand so. */
const standsSo = (actor: ActorState | undefined, [, value, context, status, due]: Standing): boolean =>
  actor?.value === value &&
  actor.status === status &&
  isEqual(actor.due, due) &&
  Object.keys(context).every((key) => isEqual(actor.context[key], context[key])) &&
  Object.keys(actor.context).length === Object.keys(context).length;

/** Reads a checkpoint; what was known before needs no row. */
const readCheckpoint = (source: OpenSource, [, at, listed, figures]: CheckpointLine): void => {
  const { latest, actors, lanes } = source;
  const standings = listed.map(([index, path, parent, hash, value, context, status, due]): Standing => {
    const actor = create(source, ['actor', at, index, path, parent, hash]);
    return [actor, valueText(value), context, status, absolute(source, due)];
  });
  const news = standings.filter((standing) => !standsSo(latest.actors.get(standing[0]), standing));
  const isStale = Object.entries(figures).some(([key, value]) => latest.figures[key as keyof typeof figures] !== value);
  if (news.length === 0 && !isStale) return;
  const time = timeOf(source, at);
  const before = news.map(([number]) => latest.actors.get(number)?.value);
  push(source, { kind: 'k', detail: [news, figures] as unknown as JsonValue }, time);
  for (const [index, [number, value, , status]] of news.entries()) {
    const { path = '', hash = '' } = actors[number] ?? {};
    if (value !== before[index]) lanes.enter(path, time, hash, value);
    if (status !== 'active') lanes.leave(path, time);
  }
};

const readMessage = (source: OpenSource, line: MessageLine): void => {
  const [, at, id, direction, topic, size, payload, qos, retain, fate] = line;
  const time = timeOf(source, at);
  const detail = [direction, payload as JsonValue, size, qos, retain];
  const number = push(source, { kind: 'm', name: topic, value: fate, count: id, detail }, time);
  source.topics.add(topic, direction, time, number);
  source.topics.settle(id, fate, number);
  source.lanes[direction === 'in' ? 'received' : 'published'].push(time, number);
};

const readFate = (source: OpenSource, [, at, id, fate, detail]: FateLine): void => {
  const { topics, rows } = source;
  const actor = topics.rowOf(id) ?? -1;
  const from = actor === -1 ? -1 : rows.row(actor).from;
  const number = push(source, { kind: 'mf', actor, from, value: fate, count: id, detail }, timeOf(source, at));
  if (actor === -1) return;
  rows.link(actor, number);
  topics.settle(id, fate, actor);
};

const readRecord = (source: OpenSource, line: Exclude<RecordLine, StepLine | TimersLine | SampledLine>): void => {
  const at = timeOf(source, line[1]);
  switch (line[0]) {
    case 'actor':
      create(source, line);
      return;
    case 'k':
      return readCheckpoint(source, line);
    case 'm':
      return readMessage(source, line);
    case 'mf':
      return readFate(source, line);
    case 'l':
    case 'mark':
      push(source, { kind: line[0], name: line[2], detail: line[3] }, at);
      return;
    case 'f':
    case 'env':
      push(source, { kind: line[0], detail: line[2] as JsonObject }, at);
      return;
    case 'end':
      push(source, { kind: 'end', name: line[2] }, at);
  }
};

/** Reads a line that says whose lines follow, and how many were lost before them. */
export const readHeader = (source: OpenSource, first: number, dropped: number): void => {
  const lost = source.nextLine === undefined ? dropped : Math.max(dropped, first - source.nextLine);
  source.nextLine = first;
  source.lost += lost;
  source.unmarked += lost;
};

/** Reads a line of a source; `false` for one about a machine that is unknown. */
export const readLine = (source: OpenSource, line: WireLine): boolean => {
  switch (line[0]) {
    case '#':
      return true;
    case 'run':
      begin(source, line[1]);
      return true;
    case 'chart':
      source.charts.set(line[1], { id: line[2], config: line[3] });
      return true;
    case 'topics':
      source.topicKeys = new Map(Object.entries(line[2]));
      return true;
    case 's':
      return readStep(source, line);
    case 'timers':
      return readTimers(source, line);
    case 'sampled':
      return readSampled(source, line);
    case 'actor':
    case 'k':
    case 'm':
    case 'mf':
    case 'l':
    case 'mark':
    case 'f':
    case 'env':
    case 'end':
      readRecord(source, line);
      return true;
  }
};
