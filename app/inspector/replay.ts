import { chunkLength } from './replay/rows.ts';
import { readHeader, readLine } from './replay/read.ts';
import { lineIn } from './replay/shapes.ts';
import { createSource, dropChunk, stateBefore, type OpenSource, type Source } from './replay/source.ts';
import type { UnitState } from './replay/state.ts';

/** A unit at a time, after all rows up to then. */
export interface Moment extends UnitState {
  readonly at: number;
  /** Number of the row that comes next. */
  readonly row: number;
}

/** A reader of recordings: keeps what it read, and says how each unit stood at any time. */
export interface Replay {
  readonly sources: ReadonlyMap<string, Source>;
  /** Lines that could not be read: cut, ill-formed, of an unknown kind, or of no unit. */
  readonly damaged: number;
  /** Lines about a machine that is unknown, as those between a recording's cut start and its first checkpoint. */
  readonly unplaced: number;
  /** Lines that were read. */
  readonly lines: number;
  /** Lines lost by all units. */
  readonly lost: number;
  /** Reads lines, divided by line feeds; the first one says whose they are. */
  read(text: string): void;
  /** How a unit stood at a time in Unix milliseconds; reads at most 4,096 rows. `undefined` for an unknown unit. */
  at(source: string, time: number): Moment | undefined;
}

const keptBy = ({ rows }: Source): number => rows.next - rows.first;

/** Most rows that are kept, of all units together. */
export const maxRows = 200_000;

/**
 * Creates a reader of recordings.
 *
 * It keeps `mostRows` rows, 200,000 by default, in about 15 MB; the oldest of the unit with the most are dropped first.
 *
 * @example
 * const replay = createReplay();
 * replay.read(await readFile('night.ndjson', 'utf8'));
 * replay.at('unit', Date.parse('2026-03-01T03:00Z'))?.figures.outbox;
 */
export const createReplay = ({ mostRows = maxRows } = {}): Replay => {
  const sources = new Map<string, OpenSource>();
  let current: OpenSource | undefined;
  let damaged = 0;
  let unplaced = 0;
  let lines = 0;

  const open = (name: string): OpenSource => {
    const source = sources.get(name) ?? createSource(name);
    sources.set(name, source);
    return source;
  };
  const makeRoom = (): void => {
    const all = [...sources.values()];
    const kept = all.reduce((sum, source) => sum + keptBy(source), 0);
    const [largest] = all.toSorted((one, other) => keptBy(other) - keptBy(one));
    if (kept > mostRows && largest && keptBy(largest) > chunkLength) dropChunk(largest);
  };
  const readText = (text: string): void => {
    const line = lineIn(text);
    if (line?.[0] === '#') {
      current = open(line[1]);
      readHeader(current, line[2], line[3]);
      return;
    }
    if (current?.nextLine !== undefined) current.nextLine += 1;
    const chunks = current?.checkpoints.length;
    if (!line || !current) damaged += 1;
    else if (readLine(current, line)) lines += 1;
    else unplaced += 1;
    if (current?.checkpoints.length !== chunks) makeRoom();
  };

  return {
    sources,
    get damaged() {
      return damaged;
    },
    get lines() {
      return lines;
    },
    get unplaced() {
      return unplaced;
    },
    get lost() {
      return [...sources.values()].reduce((sum, { lost }) => sum + lost, 0);
    },
    read: (text) => {
      for (const one of text.split('\n')) if (one !== '') readText(one);
    },
    at: (name, time) => {
      const source = sources.get(name);
      if (!source) return undefined;
      const row = source.rows.endAt(time);
      return { ...stateBefore(source, row), at: time, row };
    },
  };
};
