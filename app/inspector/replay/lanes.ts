import { createColumn } from './columns.ts';

/** Numbers over time: each from its time on up to the next. */
export interface Series {
  readonly length: number;
  push(at: number, value: number): void;
  at(index: number): number;
  value(index: number): number;
  /** Index of the one that holds at a time; -1 before the first. */
  indexAt(time: number): number;
  /** Drops those that no longer hold at a time. */
  dropTo(time: number): void;
}

export const createSeries = (): Series => {
  const times = createColumn(Float64Array);
  const values = createColumn(Float64Array);
  return {
    get length() {
      return times.length;
    },
    push: (at, value) => {
      times.push(at);
      values.push(value);
    },
    at: times.at,
    value: values.at,
    indexAt: (time) => times.countTo(time) - 1,
    dropTo: (time) => {
      const count = Math.max(0, times.countTo(time) - 1);
      times.drop(count);
      values.drop(count);
    },
  };
};

/** What a machine was in over all runs: numbers of `segments`, or -1 where there was no such machine. */
export interface Lane {
  readonly path: string;
  readonly series: Series;
}

/** A chart's hash and a state value of it as JSON. */
export type Segment = readonly [hash: string, value: string];

/** Something to look for on the time axis. */
export interface Mark {
  readonly at: number;
  readonly row: number;
  readonly what: string;
  readonly text: string;
}

/** What a unit's timeline is drawn from. */
export interface Lanes {
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly segments: readonly Segment[];
  readonly received: Series;
  readonly published: Series;
  readonly outbox: Series;
  readonly marks: Mark[];
  /** Makes a lane, so that lanes stand in the order in which their machines came. */
  open(path: string): void;
  enter(path: string, at: number, hash: string, value: string): void;
  leave(path: string, at: number): void;
  leaveAll(at: number): void;
  dropTo(time: number): void;
}

export const createLanes = (): Lanes => {
  const lanes = new Map<string, Lane>();
  const segments: Segment[] = [];
  const numbers = new Map<string, number>();
  const [received, published, outbox] = [createSeries(), createSeries(), createSeries()];
  const marks: Mark[] = [];
  const laneOf = (path: string): Lane => {
    const lane = lanes.get(path) ?? { path, series: createSeries() };
    lanes.set(path, lane);
    return lane;
  };
  const numberOf = (hash: string, value: string): number => {
    const key = `${hash} ${value}`;
    const number = numbers.get(key) ?? segments.push([hash, value]) - 1;
    numbers.set(key, number);
    return number;
  };
  const leave = ({ series }: Lane, at: number): void => {
    if (series.length > 0 && series.value(series.length - 1) !== -1) series.push(at, -1);
  };
  return {
    lanes,
    segments,
    received,
    published,
    outbox,
    marks,
    open: (path) => void laneOf(path),
    enter: (path, at, hash, value) => laneOf(path).series.push(at, numberOf(hash, value)),
    leave: (path, at) => leave(laneOf(path), at),
    leaveAll: (at) => {
      for (const lane of lanes.values()) leave(lane, at);
    },
    dropTo: (time) => {
      for (const series of [received, published, outbox, ...[...lanes.values()].map((lane) => lane.series)])
        series.dropTo(time);
      marks.splice(0, marks.filter(({ at }) => at < time).length);
    },
  };
};
