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
export const journalFile = (fs: FileSystem, layout: FirmwareLayout) => {
  const write = async (path: string, journal: FirmwareJournal): Promise<void> => {
    await makeFolder(layout.own, fs);
    await replaceFile(path, `${JSON.stringify(journal)}\n`, { fs });
  };
  const read = async (path: string): Promise<FirmwareJournal> => {
    const document = await readOwnJson(fs, path, maxJournalBytes);
    return document === undefined ? firstJournal : parseJournal(document);
  };
  const take = async (from: string, to: string): Promise<void> => {
    await fs.rename(from, to);
    await syncFolder(layout.own, fs);
  };
  return {
    /** @throws {FirmwareError} `journal`, `newerJournal` */
    read: () => read(layout.journal),
    /** Writes the next journal; does nothing if it equals the last. */
    advance: async (from: FirmwareJournal, to: FirmwareJournal): Promise<FirmwareJournal> => {
      if (to !== from) await write(layout.journal, to);
      return to;
    },
    /** Writes the journal of a rollback ahead of time, for `takeUndo`. */
    prepareUndo: (id: string, journal: FirmwareJournal): Promise<void> => write(layout.undo(id), journal),
    /** Replaces the journal by the prepared one, by a rename that needs no disk space. */
    takeUndo: (id: string): Promise<void> => take(layout.undo(id), layout.journal),
    /** Finds the prepared journal of the update in progress, whatever the journal itself says. */
    findUndo: async (): Promise<FirmwareJournal | undefined> => {
      for (const name of await fs.readdir(layout.own)) {
        const place = parseName(name);
        if (place?.kind === 'undo') return read(layout.undo(place.id)).catch(() => undefined);
      }
      return undefined;
    },
    /** Moves a damaged journal aside. */
    setAside: (): Promise<void> => take(layout.journal, layout.damaged),
  };
};
export type JournalFile = ReturnType<typeof journalFile>;
