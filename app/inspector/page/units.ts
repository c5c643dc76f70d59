import type { Source } from '../replay/source.ts';
import type { UnitState } from '../replay/state.ts';
import { chartOfHash } from './store.ts';

/** How a unit does as a whole; `running` is all that is known of one without MQTT. */
export type Health = 'online' | 'offline' | 'ended' | 'running';

export interface UnitView {
  readonly health: Health;
  /** Since when, in Unix milliseconds. */
  readonly since: number;
  readonly rootPath: string;
  /** Path of the machine that keeps its link, or of its root. */
  readonly linkPath: string;
  readonly lastSeen: number;
}

const nameOf = ({ runs, name }: Source): string => runs.at(-1)?.name ?? name;

/** What people call a unit; where two have the same name, with the process. */
export const labelOf = (source: Source, all: readonly Source[]): string => {
  const name = nameOf(source);
  if (all.every((one) => one === source || nameOf(one) !== name)) return name;
  const { pid } = source.runs.at(-1) ?? {};
  return pid === undefined ? `${name}, ${source.name}` : `${name}, process ${pid}`;
};

/** Since when a lane has only had states that pass, counted back from a time. */
const sinceIn = (source: Source, path: string, time: number, passes: (isReady: boolean) => boolean): number => {
  const series = source.lanes.lanes.get(path)?.series;
  if (!series) return time;
  let index = series.indexAt(time);
  let since = time;
  while (index >= 0) {
    const segment = source.lanes.segments[series.value(index)];
    const isReady = segment !== undefined && chartOfHash(source, segment[0]).valueOf(segment[1]).tag === 'ready';
    if (!passes(isReady)) break;
    since = series.at(index);
    index -= 1;
  }
  return since;
};

/** Says how a unit does at a moment. */
export const unitAt = (source: Source, state: UnitState & { readonly at: number; readonly row: number }): UnitView => {
  const { rows, actors } = source;
  const lastSeen = state.row > rows.first ? rows.atOf(state.row - 1) : state.at;
  const paths = [...state.actors.keys()].map((number) => actors[number]?.path ?? '');
  const rootPath = paths[0] ?? '';
  const mqtt = paths.find((path) => path.endsWith('/mqtt'));
  const linkPath = mqtt ?? rootPath;
  const place = { rootPath, linkPath, lastSeen };
  if (state.end !== undefined) return { ...place, health: 'ended', since: lastSeen };
  if (mqtt === undefined) return { ...place, health: 'running', since: source.runs[state.run]?.base ?? lastSeen };
  const link = [...state.actors.values()].find(({ actor }) => actors[actor]?.path === mqtt);
  const { hash = '' } = actors[link?.actor ?? -1] ?? {};
  const isOnline = chartOfHash(source, hash).valueOf(link?.value ?? '').tag === 'ready';
  const since = sinceIn(source, mqtt, state.at, (isReady) => isReady === isOnline);
  return { ...place, health: isOnline ? 'online' : 'offline', since };
};
