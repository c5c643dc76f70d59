import type { LogSink } from '../../../services/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { entryLine, loadLines, newest } from './log-lines.ts';

/** Options of the file log sink. */
export interface FileLogSinkOptions {
  readonly storage: Storage;
  readonly path: string;
  /** Number of lines to keep, read at each use: `PU_MAX_LOG_LENGTH`. */
  readonly maxLines: () => number;
  /** Called on the first failed save or load, and again only after one succeeded. */
  readonly onFailure?: (thrown: unknown) => void;
}

/** A persistent log: its newest lines, as NDJSON. */
export interface FileLogSink extends LogSink {
  /** The stored entries as JSON texts, oldest first. */
  lines(): Promise<string[]>;
  /** Removes all entries, stored ones included. */
  clear(): Promise<void>;
  /** Error of the last save or load; `undefined` if it succeeded. Entries stay in memory meanwhile. */
  readonly failure: unknown;
}

/** The lines in memory, including the stored ones (loaded once), and those that the document still lacks. */
const logMemory = ({ storage, path, maxLines }: FileLogSinkOptions) => {
  let lines: string[] = [];
  let unsaved: string[] = [];
  let loading: Promise<void> | undefined;
  /** Whether the document holds only lines that are kept. */
  let isSound = true;
  const loadOnce = async (): Promise<void> => {
    try {
      const stored = await loadLines(storage, path, maxLines());
      if (!isSound) return;
      isSound = stored.isWhole;
      lines = newest([...stored.lines, ...lines], maxLines());
    } catch (thrown) {
      loading = undefined;
      throw thrown;
    }
  };
  return {
    /** Loads the stored lines, once; retries after a failure. */
    load: () => (loading ??= loadOnce()),
    newest: () => (lines = newest(lines, maxLines())),
    add: (line: string) => {
      const max = maxLines();
      if (lines.length > 2 * max) lines = newest(lines, max);
      if (unsaved.length > 2 * max) unsaved = newest(unsaved, max);
      lines.push(line);
      unsaved.push(line);
    },
    empty: () => {
      lines = [];
      unsaved = [];
      isSound = false;
      loading = Promise.resolve();
    },
    isSaved: () => isSound && unsaved.length === 0,
    /** Writes the missing lines to the document. */
    save: async (): Promise<void> => {
      const saving = unsaved;
      const wasSound = isSound;
      unsaved = [];
      isSound = true;
      try {
        if (wasSound) await storage.appendLines(path, saving, maxLines());
        else await storage.writeLines(path, newest(lines, maxLines()));
      } catch (thrown) {
        unsaved = [...saving, ...unsaved];
        isSound &&= wasSound;
        throw thrown;
      }
    },
  };
};

/**
 * Keeps the newest entries in a text document, one JSON object per line.
 *
 * Appends entries; those that arrive during a save go into the next one. Removes the oldest above the limit. Loads the
 * stored lines first, without torn ones. Never throws.
 */
export const fileLogSink = (options: FileLogSinkOptions): FileLogSink => {
  const memory = logMemory(options);
  let saving: Promise<void> | undefined;

  const fail = (thrown: unknown) => {
    const isFirst = sink.failure === undefined;
    sink.failure = thrown;
    if (isFirst) options.onFailure?.(thrown);
  };

  const saveAll = async (): Promise<void> => {
    try {
      await memory.load();
      while (!memory.isSaved()) await memory.save();
      sink.failure = undefined;
    } catch (thrown) {
      fail(thrown);
    } finally {
      saving = undefined;
    }
  };
  const save = (): Promise<void> => (saving ??= saveAll());

  const sink: { -readonly [K in keyof FileLogSink]: FileLogSink[K] } = {
    failure: undefined,
    write: (entry) => {
      try {
        memory.add(entryLine(entry));
        void save();
      } catch (thrown) {
        fail(thrown);
      }
    },
    flush: () => (memory.isSaved() && !saving ? Promise.resolve() : save()),
    lines: async () => {
      try {
        await memory.load();
      } catch (thrown) {
        fail(thrown);
      }
      return [...memory.newest()];
    },
    clear: async () => {
      memory.empty();
      await save();
    },
  };
  return sink;
};
