import type { LogEntry, LogSink } from '../../../services/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { SerialQueue } from '../serialize.ts';
import { entryLine, loadLines, newest, type StoredLines } from './log-lines.ts';

/** Options of the file log sink. */
export interface FileLogSinkOptions {
  readonly storage: Storage;
  readonly path: string;
  /** Number of lines to keep, read at each use: `PU_MAX_LOG_LENGTH`. */
  readonly maxLines: () => number;
  /** Called on the first failed save or load, and again only after one succeeded. */
  readonly onFailure?: (thrown: unknown) => void;
}

/** What a document that is to be emptied holds. */
const nothing: StoredLines = { lines: [], isWhole: false };

/**
 * The document of the log, and the lines that it still lacks; those that it has are in memory only while it is torn and takes
 * no write.
 */
class LogDocument {
  readonly #options: FileLogSinkOptions;
  #unsaved: string[] = [];
  /** Whether the document is known to hold only lines that are kept. */
  #isSound = false;
  /** The lines of a document with others, which are kept until it could be written without those. */
  #torn: StoredLines | undefined;
  /** Whether the stored lines are to be removed. */
  #isEmptied = false;

  constructor(options: FileLogSinkOptions) {
    this.#options = options;
  }

  add(line: string): void {
    const max = this.#options.maxLines();
    if (this.#unsaved.length > 2 * max) this.#unsaved = newest(this.#unsaved, max);
    this.#unsaved.push(line);
  }

  empty(): void {
    this.#unsaved = [];
    this.#isSound = false;
    this.#torn = undefined;
    this.#isEmptied = true;
  }

  isSaved(): boolean {
    return this.#unsaved.length === 0 && !this.#isEmptied;
  }

  /** Reads the newest lines, those that are not stored yet included. @throws {StorageError} `io` */
  async lines(): Promise<string[]> {
    const { lines } = await this.#stored();
    return newest([...lines, ...this.#unsaved], this.#options.maxLines());
  }

  /** The lines that are not stored yet. */
  unsaved(): string[] {
    return newest(this.#unsaved, this.#options.maxLines());
  }

  /** Writes the missing lines to the document, without those that are torn or too many. @throws {StorageError} */
  async save(): Promise<void> {
    const { storage, path, maxLines } = this.#options;
    const stored = this.#isSound ? undefined : (this.#torn ?? (await this.#stored()));
    const found = this.#isEmptied ? nothing : stored;
    const torn = found?.isWhole === false ? found : undefined;
    const before = { unsaved: this.#unsaved, isSound: torn === undefined, isEmptied: this.#isEmptied };
    this.#unsaved = [];
    this.#isSound = true;
    this.#torn = torn;
    this.#isEmptied = false;
    try {
      if (torn) await storage.writeLines(path, newest([...torn.lines, ...before.unsaved], maxLines()));
      else await storage.appendLines(path, before.unsaved, maxLines());
      this.#torn = undefined;
    } catch (thrown) {
      this.#takeBack(before);
      throw thrown;
    }
  }

  /** Restores what a failed save had taken, unless all of it was removed meanwhile. */
  #takeBack({ unsaved, isSound, isEmptied }: { unsaved: string[]; isSound: boolean; isEmptied: boolean }): void {
    if (this.#isEmptied) return;
    this.#unsaved = [...unsaved, ...this.#unsaved];
    this.#isSound = isSound;
    this.#isEmptied = isEmptied;
  }

  async #stored(): Promise<StoredLines> {
    const { storage, path, maxLines } = this.#options;
    const stored = this.#isEmptied ? undefined : await loadLines(storage, path, maxLines());
    return stored && !this.#isEmptied ? stored : nothing;
  }
}

/**
 * A persistent log: keeps the newest entries in a text document, one JSON object per line.
 *
 * Appends entries; those that arrive during a save go into the next one. Removes the oldest above the limit, and torn lines.
 * Never throws.
 */
export class FileLogSink implements LogSink {
  readonly #document: LogDocument;
  readonly #onFailure: FileLogSinkOptions['onFailure'];
  readonly #turns = new SerialQueue();
  #saving: Promise<void> | undefined;
  #failure: unknown;

  constructor(options: FileLogSinkOptions) {
    this.#document = new LogDocument(options);
    this.#onFailure = options.onFailure;
  }

  /** Error of the last save or read; `undefined` if it succeeded. Entries stay in memory meanwhile. */
  get failure(): unknown {
    return this.#failure;
  }

  write(entry: LogEntry): void {
    try {
      this.#document.add(entryLine(entry));
      void this.#save();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  flush(): Promise<void> {
    return this.#document.isSaved() && !this.#saving ? Promise.resolve() : this.#save();
  }

  /** The stored entries as JSON texts, oldest first. */
  lines(): Promise<string[]> {
    return this.#turns.run(async () => {
      try {
        return await this.#document.lines();
      } catch (thrown) {
        this.#fail(thrown);
        return this.#document.unsaved();
      }
    });
  }

  /** Removes all entries, stored ones included. */
  async clear(): Promise<void> {
    this.#document.empty();
    await this.#save();
  }

  #save(): Promise<void> {
    return (this.#saving ??= this.#turns.run(() => this.#saveAll()));
  }

  async #saveAll(): Promise<void> {
    try {
      while (!this.#document.isSaved()) await this.#document.save();
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
