import { FirmwareError, StorageError } from '../../../services/errors.ts';
import { firstJournal, parseJournal, type FirmwareJournal } from '../../../services/firmware-journal.ts';
import type { JsonValue } from '../../../services/json.ts';
import { makeFolder, replaceFile, syncFolder } from '../fs/durable-file.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { readJson } from '../fs/read-json.ts';
import { parseName, type FirmwareLayout } from './layout.ts';

/** More than all texts of a journal take at their longest, each character escaped. */
const maxJournalBytes = 512 * 1024;

/**
 * Reads a JSON file of the client's own data.
 *
 * @returns `undefined` if there is none.
 * @throws {FirmwareError} `journal`
 */
export const readOwnJson = async (fs: FileSystem, path: string, maxBytes: number): Promise<JsonValue | undefined> => {
  try {
    return await readJson(path, maxBytes, fs);
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw cause;
    throw new FirmwareError('journal', `${path} is damaged (${cause.code}). The unit runs what is in its folder.`, {
      cause,
    });
  }
};

/** The journal on disk. */
export class JournalFile {
  readonly #fs: FileSystem;
  readonly #layout: FirmwareLayout;

  constructor(fs: FileSystem, layout: FirmwareLayout) {
    this.#fs = fs;
    this.#layout = layout;
  }

  /** @throws {FirmwareError} `journal`, `newerJournal` */
  read(): Promise<FirmwareJournal> {
    return this.#read(this.#layout.journal);
  }

  /** Writes the next journal; does nothing if it equals the last. */
  async advance(from: FirmwareJournal, to: FirmwareJournal): Promise<FirmwareJournal> {
    if (to !== from) await this.#write(this.#layout.journal, to);
    return to;
  }

  /** Writes the journal of a rollback ahead of time, for {@link takeUndo}. */
  prepareUndo(id: string, journal: FirmwareJournal): Promise<void> {
    return this.#write(this.#layout.undo(id), journal);
  }

  /** Replaces the journal by the prepared one, by a rename that needs no disk space. */
  takeUndo(id: string): Promise<void> {
    return this.#take(this.#layout.undo(id), this.#layout.journal);
  }

  /** Finds the prepared journal of the update in progress, whatever the journal itself says. */
  async findUndo(): Promise<FirmwareJournal | undefined> {
    for (const name of await this.#fs.readdir(this.#layout.own)) {
      const place = parseName(name);
      if (place?.kind === 'undo') return this.#read(this.#layout.undo(place.id)).catch(() => undefined);
    }
    return undefined;
  }

  /** Moves a damaged journal aside. */
  setAside(): Promise<void> {
    return this.#take(this.#layout.journal, this.#layout.damaged);
  }

  async #read(path: string): Promise<FirmwareJournal> {
    const document = await readOwnJson(this.#fs, path, maxJournalBytes);
    return document === undefined ? firstJournal : parseJournal(document);
  }

  async #write(path: string, journal: FirmwareJournal): Promise<void> {
    await makeFolder(this.#layout.own, this.#fs);
    await replaceFile(path, `${JSON.stringify(journal)}\n`, { fs: this.#fs });
  }

  async #take(from: string, to: string): Promise<void> {
    await this.#fs.rename(from, to);
    await syncFolder(this.#layout.own, this.#fs);
  }
}
