import type { LogEntry, LogSink } from '../../../services/log.ts';
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

/** The lines in memory, including the stored ones (loaded once), and those that the document still lacks. */
class LogMemory {
  readonly #options: FileLogSinkOptions;
  #lines: string[] = [];
  #unsaved: string[] = [];
  #loading: Promise<void> | undefined;
  /** Whether the document holds only lines that are kept. */
  #isSound = true;

  constructor(options: FileLogSinkOptions) {
    this.#options = options;
  }

  /** Loads the stored lines, once; retries after a failure. */
  load(): Promise<void> {
    return (this.#loading ??= this.#loadOnce());
  }

  newest(): string[] {
    this.#lines = newest(this.#lines, this.#options.maxLines());
    return this.#lines;
  }

  add(line: string): void {
    const max = this.#options.maxLines();
    if (this.#lines.length > 2 * max) this.#lines = newest(this.#lines, max);
    if (this.#unsaved.length > 2 * max) this.#unsaved = newest(this.#unsaved, max);
    this.#lines.push(line);
    this.#unsaved.push(line);
  }

  empty(): void {
    this.#lines = [];
    this.#unsaved = [];
    this.#isSound = false;
    this.#loading = Promise.resolve();
  }

  isSaved(): boolean {
    return this.#isSound && this.#unsaved.length === 0;
  }

  /** Writes the missing lines to the document. */
  async save(): Promise<void> {
    const { storage, path, maxLines } = this.#options;
    const saving = this.#unsaved;
    const wasSound = this.#isSound;
    this.#unsaved = [];
    this.#isSound = true;
    try {
      if (wasSound) await storage.appendLines(path, saving, maxLines());
      else await storage.writeLines(path, newest(this.#lines, maxLines()));
    } catch (thrown) {
      this.#unsaved = [...saving, ...this.#unsaved];
      this.#isSound &&= wasSound;
      throw thrown;
    }
  }

  async #loadOnce(): Promise<void> {
    const { storage, path, maxLines } = this.#options;
    try {
      const stored = await loadLines(storage, path, maxLines());
      if (!this.#isSound) return;
      this.#isSound = stored.isWhole;
      this.#lines = newest([...stored.lines, ...this.#lines], maxLines());
    } catch (thrown) {
      this.#loading = undefined;
      throw thrown;
    }
  }
}

/**
 * A persistent log: keeps the newest entries in a text document, one JSON object per line.
 *
 * Appends entries; those that arrive during a save go into the next one. Removes the oldest above the limit. Loads the
 * stored lines first, without torn ones. Never throws.
 */
export class FileLogSink implements LogSink {
  readonly #memory: LogMemory;
  readonly #onFailure: FileLogSinkOptions['onFailure'];
  #saving: Promise<void> | undefined;
  #failure: unknown;

  constructor(options: FileLogSinkOptions) {
    this.#memory = new LogMemory(options);
    this.#onFailure = options.onFailure;
  }

  /** Error of the last save or load; `undefined` if it succeeded. Entries stay in memory meanwhile. */
  get failure(): unknown {
    return this.#failure;
  }

  write(entry: LogEntry): void {
    try {
      this.#memory.add(entryLine(entry));
      void this.#save();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  flush(): Promise<void> {
    return this.#memory.isSaved() && !this.#saving ? Promise.resolve() : this.#save();
  }

  /** The stored entries as JSON texts, oldest first. */
  async lines(): Promise<string[]> {
    try {
      await this.#memory.load();
    } catch (thrown) {
      this.#fail(thrown);
    }
    return [...this.#memory.newest()];
  }

  /** Removes all entries, stored ones included. */
  async clear(): Promise<void> {
    this.#memory.empty();
    await this.#save();
  }

  #save(): Promise<void> {
    return (this.#saving ??= this.#saveAll());
  }

  async #saveAll(): Promise<void> {
    try {
      await this.#memory.load();
      while (!this.#memory.isSaved()) await this.#memory.save();
      this.#failure = undefined;
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#saving = undefined;
    }
  }

  #fail(thrown: unknown): void {
    const isFirst = this.#failure === undefined;
    this.#failure = thrown;
    if (isFirst) this.#onFailure?.(thrown);
  }
}
