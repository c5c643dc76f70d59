import type { LogSink } from '../../services/log.ts';
import type { Storage } from '../../services/storage.ts';
import { entryLine, loadLines, newest } from './log-lines.ts';

/** Where log.json is, and how long it may be. */
export interface FileLogSinkOptions {
  readonly storage: Storage;
  readonly path: string;
  /** How many of the newest lines are kept, asked at each use: `PU_MAX_LOG_LENGTH`. */
  readonly maxLines: () => number;
}

/** A log that stays: its newest lines, as NDJSON. */
export interface FileLogSink extends LogSink {
  /** The entries that are kept, as JSON texts, oldest first. */
  lines(): Promise<string[]>;
  /** Removes every entry written so far, stored ones included. */
  clear(): Promise<void>;
  /** Why the newest save or load did not work; `undefined` when it did. Entries stay in memory meanwhile. */
  readonly failure: unknown;
}

/** The lines kept in memory: what was stored, loaded once, and what came since. */
const logMemory = ({ storage, path, maxLines }: FileLogSinkOptions) => {
  let lines: string[] = [];
  let loading: Promise<void> | undefined;
  let keepsStored = true;
  const loadOnce = async (): Promise<void> => {
    try {
      const stored = await loadLines(storage, path, maxLines());
      if (keepsStored) lines = newest([...stored, ...lines], maxLines());
    } catch (thrown) {
      loading = undefined;
      throw thrown;
    }
  };
  return {
    /** Loads what is stored, if that was not done yet. A load that failed is tried again. */
    load: () => (loading ??= loadOnce()),
    newest: () => (lines = newest(lines, maxLines())),
    add: (line: string) => {
      lines.push(line);
      if (lines.length > 2 * maxLines()) lines = newest(lines, maxLines());
    },
    empty: () => {
      lines = [];
      keepsStored = false;
      loading = Promise.resolve();
    },
  };
};

/**
 * Keeps the newest entries in a text document, one JSON object a line.
 *
 * Each save replaces the document as a whole, so it is valid after a kill at any moment; entries that come during a
 * save go out together in the next. What was stored before is loaded first, without torn lines. Nothing is thrown.
 */
export const fileLogSink = (options: FileLogSinkOptions): FileLogSink => {
  const memory = logMemory(options);
  let saving: Promise<void> | undefined;
  let isDirty = false;
  let failure: unknown;

  const saveAll = async (): Promise<void> => {
    try {
      await memory.load();
      while (isDirty) {
        isDirty = false;
        await options.storage.writeLines(options.path, memory.newest());
        failure = undefined;
      }
    } catch (thrown) {
      failure = thrown;
      isDirty = true;
    } finally {
      saving = undefined;
    }
  };
  const save = (): Promise<void> => (saving ??= saveAll());

  return {
    get failure() {
      return failure;
    },
    write: (entry) => {
      try {
        memory.add(entryLine(entry));
        isDirty = true;
        void save();
      } catch (thrown) {
        failure = thrown;
      }
    },
    flush: () => (isDirty || saving ? save() : Promise.resolve()),
    lines: async () => {
      try {
        await memory.load();
      } catch (thrown) {
        failure = thrown;
      }
      return [...memory.newest()];
    },
    clear: async () => {
      memory.empty();
      isDirty = true;
      await save();
    },
  };
};
