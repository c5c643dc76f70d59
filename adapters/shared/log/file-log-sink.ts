import type { LogSink } from '../../../services/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { entryLine, loadLines, newest } from './log-lines.ts';

/** Options of the file log sink. */
export interface FileLogSinkOptions {
  readonly storage: Storage;
  readonly path: string;
  /** How many of the newest lines are kept, asked at each use: `PU_MAX_LOG_LENGTH`. */
  readonly maxLines: () => number;
  /** Called when a save or load fails; once, until one works again. */
  readonly onFailure?: (thrown: unknown) => void;
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

/** The lines kept in memory, what was stored loaded once, and which of them the document lacks. */
const logMemory = ({ storage, path, maxLines }: FileLogSinkOptions) => {
  let lines: string[] = [];
  let unsaved: string[] = [];
  let loading: Promise<void> | undefined;
  /** Whether the document holds nothing but what is kept. */
  let isSound = true;
  const trim = (kept: string[]) => (kept.length > 2 * maxLines() ? newest(kept, maxLines()) : kept);
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
    /** Loads what is stored, if that was not done yet. A load that failed is tried again. */
    load: () => (loading ??= loadOnce()),
    newest: () => (lines = newest(lines, maxLines())),
    add: (line: string) => {
      lines = trim(lines);
      lines.push(line);
      unsaved = trim(unsaved);
      unsaved.push(line);
    },
    empty: () => {
      lines = [];
      unsaved = [];
      isSound = false;
      loading = Promise.resolve();
    },
    isSaved: () => isSound && unsaved.length === 0,
    /** Brings the document up to date. */
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
 * Keeps the newest entries in a text document, one JSON object a line.
 *
 * Entries are added at its end, those that come during a save together in the next; the oldest go when there are too
 * many. What was stored before is loaded first, without torn lines. Nothing is thrown.
 */
export const fileLogSink = (options: FileLogSinkOptions): FileLogSink => {
  const memory = logMemory(options);
  let saving: Promise<void> | undefined;
  let failure: unknown;

  const fail = (thrown: unknown) => {
    const isFirst = failure === undefined;
    failure = thrown;
    if (isFirst) options.onFailure?.(thrown);
  };

  const saveAll = async (): Promise<void> => {
    try {
      await memory.load();
      while (!memory.isSaved()) await memory.save();
      failure = undefined;
    } catch (thrown) {
      fail(thrown);
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
};
