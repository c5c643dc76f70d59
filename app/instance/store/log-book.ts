import { SerialQueue } from '../../../adapters/shared/serialize.ts';
import type { LogDocument } from './documents.ts';
import type { Disk } from './disk.ts';

/** How many of a unit's newest entries are kept. */
const maxEntries = 10_000;

/** The log of one unit: in memory, and as lines on disk. */
export interface LogBook {
  /** Entries on disk, oldest first. */
  readonly entries: readonly LogDocument[];
  /** Reads the entries from disk; drops lines that can't be read, such as a last one that a crash cut short. */
  load(): Promise<void>;
  append(entries: readonly LogDocument[]): Promise<void>;
  clear(): Promise<void>;
}

const decoder = new TextDecoder();

const parseLine = (line: string): LogDocument | undefined => {
  try {
    return JSON.parse(line) as LogDocument;
  } catch {
    return undefined;
  }
};

const linesOf = (entries: readonly LogDocument[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

/** @param name Name of the document on the disk. */
export const createLogBook = (disk: Disk, name: string): LogBook => {
  const turns = new SerialQueue();
  let entries: LogDocument[] = [];
  let lines = 0;
  const rewrite = async () => {
    await disk.replace(name, linesOf(entries));
    lines = entries.length;
  };
  return {
    get entries() {
      return entries;
    },
    load: async () => {
      const bytes = await disk.read(name);
      if (bytes === undefined) return;
      const stored = decoder.decode(bytes).split('\n');
      entries = stored.map(parseLine).filter((entry) => entry !== undefined);
      lines = entries.length;
      const torn = stored.at(-1) !== '';
      entries = entries.slice(-maxEntries);
      if (torn || lines > maxEntries) await rewrite();
    },
    append: (added) =>
      turns.run(async () => {
        await disk.append(name, linesOf(added));
        lines += added.length;
        entries = [...entries, ...added].slice(-maxEntries);
        if (lines > 2 * maxEntries) await rewrite();
      }),
    clear: () =>
      turns.run(async () => {
        entries = [];
        await rewrite();
      }),
  };
};
