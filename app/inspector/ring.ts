import { utf8Bytes } from '../../adapters/shared/mqtt/packet-size.ts';
import { maxBytes as defaultMaxBytes, maxLines as defaultMaxLines } from './wire.ts';

/** Lines that a reader got at once. */
export interface Read {
  /** Number of the first of them. */
  readonly first: number;
  /** Number of the one after the last: where to read on. */
  readonly next: number;
  /** How many lines fell out before they were read. */
  readonly lost: number;
  readonly lines: readonly string[];
}

/** The newest lines of a recording, numbered from 0; the oldest fall out. Readers are numbers: as many as there are, it keeps nothing for any of them. */
export interface Ring {
  append(line: string): void;
  /** Number of the oldest line that is there. */
  readonly oldest: number;
  /** Number that the next line gets. */
  readonly next: number;
  /** Bytes that the lines have in UTF-8. */
  readonly bytes: number;
  /** Lines before the oldest that a reader can't do without: the newest run that began there, its charts, settings and topics. */
  preamble(): readonly string[];
  /**
   * Reads on from a line, or from the oldest one if it fell out.
   *
   * @param maxBytes How much to read; one line is read in any case.
   */
  read(from: number, maxBytes: number): Read;
}

export interface RingLimits {
  readonly maxLines?: number;
  readonly maxBytes?: number;
}

const kindOf = (line: string): string => line.slice(2, line.indexOf('"', 2));

/** Keeps of what falls out the lines without which the rest says nothing; of charts, the newest that have room. */
const createPreamble = (maxChartBytes: number) => {
  let run: string[] = [];
  let charts: string[] = [];
  let chartBytes = 0;
  /** The newest line of each of these kinds. */
  const newest = new Map<string, string>();
  const addChart = (line: string) => {
    charts.push(line);
    chartBytes += utf8Bytes(line);
    while (chartBytes > maxChartBytes) chartBytes -= utf8Bytes(charts.shift() ?? '');
  };
  return {
    /** @param line One that falls out. */
    add: (line: string) => {
      const kind = kindOf(line);
      if (kind === 'run') {
        run = [line];
        charts = [];
        chartBytes = 0;
        newest.clear();
      } else if (kind === 'chart') addChart(line);
      else if (kind === 'env' || kind === 'topics') newest.set(kind, line);
    },
    lines: () => [...run, ...charts, ...newest.values()],
  };
};

/**
 * Creates a ring.
 *
 * @example
 * const ring = createRing();
 * ring.append('["l",0,"Info","started"]');
 * const { lines, next, lost } = ring.read(0, 65_536);
 */
export const createRing = ({ maxLines = defaultMaxLines, maxBytes = defaultMaxBytes }: RingLimits = {}): Ring => {
  /** A line stands at its number modulo the capacity. */
  const lines: string[] = [];
  const sizes: number[] = [];
  const preamble = createPreamble(maxBytes / 4);
  let oldest = 0;
  let next = 0;
  let bytes = 0;
  const dropOldest = () => {
    const at = oldest % maxLines;
    preamble.add(lines[at] ?? '');
    bytes -= sizes[at] ?? 0;
    lines[at] = '';
    oldest += 1;
  };
  const isTooMuch = (more: number): boolean => next > oldest && (next - oldest >= maxLines || bytes + more > maxBytes);
  return {
    append: (line) => {
      const size = utf8Bytes(line);
      while (isTooMuch(size)) dropOldest();
      lines[next % maxLines] = line;
      sizes[next % maxLines] = size;
      bytes += size;
      next += 1;
    },
    get oldest() {
      return oldest;
    },
    get next() {
      return next;
    },
    get bytes() {
      return bytes;
    },
    preamble: preamble.lines,
    read: (from, mostBytes) => {
      const first = Math.max(from, oldest);
      const read: string[] = [];
      let size = 0;
      let at = first;
      while (at < next) {
        size += (sizes[at % maxLines] ?? 0) + 1;
        if (read.length > 0 && size > mostBytes) break;
        read.push(lines[at % maxLines] ?? '');
        at += 1;
      }
      return { first, next: at, lost: first - from, lines: read };
    },
  };
};

/** Reads a ring from some line on, with what the rest can't be read without if its beginning has fallen out. */
export interface Cursor {
  /** Reads on. @returns `undefined` when there is nothing new. */
  read(maxBytes: number): Read | undefined;
}

/** Creates a reader of a ring. @param from Number of the first line to read. @defaultValue 0 */
export const createCursor = (ring: Ring, from = 0): Cursor => {
  let at = from;
  let hasBegun = from > 0;
  const begin = (): Read | undefined => {
    hasBegun = true;
    const lines = ring.oldest > 0 ? ring.preamble() : [];
    at = lines.length;
    return lines.length === 0 ? undefined : { first: 0, next: at, lost: 0, lines };
  };
  return {
    read: (maxBytes) => {
      const preamble = hasBegun ? undefined : begin();
      if (preamble) return preamble;
      if (at >= ring.next) return undefined;
      const read = ring.read(at, maxBytes);
      at = read.next;
      return read;
    },
  };
};
