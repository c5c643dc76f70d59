import type { JsonValue } from '../../../services/json.ts';
import { countTo, createNames, type Names } from './columns.ts';

/** Kinds of rows: those of the wire's records, and what a reader notes between them. */
export const rowKinds = [
  's',
  'timers',
  'sampled',
  'k',
  'm',
  'mf',
  'l',
  'f',
  'env',
  'mark',
  'end',
  'actor',
  'run',
  'lost',
] as const;

export type RowKind = (typeof rowKinds)[number];

/** One record, read. What a field means depends on the kind; times are Unix milliseconds. */
export interface Row {
  readonly kind: RowKind;
  readonly at: number;
  /** Number of the machine in its unit's list over all runs; of `mf` the message's row; else -1. */
  readonly actor: number;
  /** Number of the machine that sent the event, or -1; of `m` and `mf` the row with the fate before. */
  readonly from: number;
  /** Type of an event, topic, level, what a mark is, why a run ended. */
  readonly name: string;
  /** State value as JSON, or a fate; empty where it stayed the same. */
  readonly value: string;
  /** Transitions taken, as JSON. */
  readonly edges: string;
  /** Id of a message, number of a run, how many were skipped or lost. */
  readonly count: number;
  /** What else the record has, as the kind has it. */
  readonly detail: JsonValue | undefined;
}

export const emptyRow: Row = {
  kind: 'lost',
  at: 0,
  actor: -1,
  from: -1,
  name: '',
  value: '',
  edges: '',
  count: 0,
  detail: undefined,
};

/** Rows from one checkpoint to the next, and how many bytes of columns one takes: 33, and its detail. */
export const chunkLength = 4_096;

const createChunk = () => ({
  at: new Float64Array(chunkLength),
  kind: new Uint8Array(chunkLength),
  actor: new Int32Array(chunkLength),
  from: new Int32Array(chunkLength),
  name: new Uint32Array(chunkLength),
  value: new Uint32Array(chunkLength),
  edges: new Uint32Array(chunkLength),
  count: new Uint32Array(chunkLength),
  detail: [] as (string | undefined)[],
  /** Details of this chunk, so that those that are alike are kept once; empty when it is full. */
  known: new Map<string, string>(),
});

type Chunk = ReturnType<typeof createChunk>;

/** Rows of a unit by number, in typed columns. Numbers go on when the oldest rows are dropped. */
export interface Rows {
  /** Number of the oldest row that is kept. */
  readonly first: number;
  /** Number that the next row gets. */
  readonly next: number;
  push(row: Row): void;
  /** Reads a row; `emptyRow` where there is none. */
  row(number: number): Row;
  kindOf(number: number): RowKind;
  atOf(number: number): number;
  nameOf(number: number): string;
  /** Number after the last row that is not later than `time`. */
  endAt(time: number): number;
  /** Notes the row of a message's last fate. */
  link(number: number, fate: number): void;
  dropChunk(): void;
}

const parsed = (text: string | undefined): JsonValue | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as JsonValue);

const keptOnce = ({ known }: Chunk, text: string): string => {
  const same = known.get(text) ?? text;
  known.set(text, same);
  return same;
};

const write = (chunk: Chunk, index: number, row: Row, { numberOf }: Names): void => {
  chunk.at[index] = row.at;
  chunk.kind[index] = rowKinds.indexOf(row.kind);
  chunk.actor[index] = row.actor;
  chunk.from[index] = row.from;
  chunk.name[index] = numberOf(row.name);
  chunk.value[index] = numberOf(row.value);
  chunk.edges[index] = numberOf(row.edges);
  chunk.count[index] = row.count;
  if (row.detail !== undefined) chunk.detail[index] = keptOnce(chunk, JSON.stringify(row.detail));
  if (index === chunkLength - 1) chunk.known.clear();
};

const kindIn = (chunk: Chunk, index: number): RowKind => rowKinds[chunk.kind[index] ?? 0] ?? 'lost';

const read = (chunk: Chunk, index: number, { textOf }: Names): Row => ({
  kind: kindIn(chunk, index),
  at: chunk.at[index] ?? 0,
  actor: chunk.actor[index] ?? -1,
  from: chunk.from[index] ?? -1,
  name: textOf(chunk.name[index] ?? 0),
  value: textOf(chunk.value[index] ?? 0),
  edges: textOf(chunk.edges[index] ?? 0),
  count: chunk.count[index] ?? 0,
  detail: parsed(chunk.detail[index]),
});

export const createRows = (): Rows => {
  const names = createNames();
  const chunks: Chunk[] = [];
  let first = 0;
  let next = 0;
  const chunkOf = (number: number): Chunk | undefined =>
    number < first || number >= next ? undefined : chunks[Math.floor((number - first) / chunkLength)];
  const atOf = (number: number): number => chunkOf(number)?.at[number % chunkLength] ?? 0;
  return {
    get first() {
      return first;
    },
    get next() {
      return next;
    },
    push: (row) => {
      if (next % chunkLength === 0) chunks.push(createChunk());
      const chunk = chunks.at(-1);
      if (chunk) write(chunk, next % chunkLength, row, names);
      next += 1;
    },
    row: (number) => {
      const chunk = chunkOf(number);
      return chunk ? read(chunk, number % chunkLength, names) : emptyRow;
    },
    kindOf: (number) => {
      const chunk = chunkOf(number);
      return chunk ? kindIn(chunk, number % chunkLength) : 'lost';
    },
    atOf,
    nameOf: (number) => names.textOf(chunkOf(number)?.name[number % chunkLength] ?? 0),
    endAt: (time) => countTo(first, next, (number) => atOf(number) <= time),
    link: (number, fate) => {
      const chunk = chunkOf(number);
      if (chunk) chunk.from[number % chunkLength] = fate;
    },
    dropChunk: () => {
      if (chunks.shift() !== undefined) first = Math.min(first + chunkLength, next);
    },
  };
};
