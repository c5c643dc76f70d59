import { FirmwareError } from '../../../services/errors.ts';
import { firstJournal, parseJournal, type FirmwareJournal } from '../../../services/firmware-journal.ts';
import { makeFolder, replaceFile, syncFolder } from '../fs/durable-file.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { placeOf, type FirmwarePlaces } from './layout.ts';

const maxJournalBytes = 64 * 1024;

/**
 * Reads a JSON file of the client's own.
 *
 * @returns `undefined` when there is none.
 * @throws {FirmwareError} `journal`
 */
export const readOwnJson = async (fs: FileSystem, path: string, maxBytes: number): Promise<unknown> => {
  const found = await statsOf(fs, path);
  if (!found) return undefined;
  if (!found.isFile()) throw new FirmwareError('journal', `${path} is no file. Remove it.`);
  if (found.size > maxBytes) throw new FirmwareError('journal', `${path} has more than ${maxBytes} bytes. Remove it.`);
  const bytes = await fs.readFile(path);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FirmwareError('journal', `${path} is not JSON. The unit runs what is in its folder.`, { cause });
  }
};

/** The journal on disk. */
export const journalFile = (fs: FileSystem, places: FirmwarePlaces) => {
  const write = async (path: string, journal: FirmwareJournal): Promise<void> => {
    await makeFolder(places.own, fs);
    await replaceFile(path, `${JSON.stringify(journal)}\n`, { fs });
  };
  const read = async (path: string): Promise<FirmwareJournal> => {
    const document = await readOwnJson(fs, path, maxJournalBytes);
    return document === undefined ? firstJournal : parseJournal(document);
  };
  const take = async (from: string, to: string): Promise<void> => {
    await fs.rename(from, to);
    await syncFolder(places.own, fs);
  };
  return {
    /** @throws {FirmwareError} `journal`, `newerJournal` */
    read: () => read(places.journal),
    /** Writes what the journal is to be, unless that is what it was. */
    advance: async (from: FirmwareJournal, to: FirmwareJournal): Promise<FirmwareJournal> => {
      if (to !== from) await write(places.journal, to);
      return to;
    },
    /** Writes the journal that leads back, for `takeUndo`. */
    prepareUndo: (id: string, journal: FirmwareJournal): Promise<void> => write(places.undo(id), journal),
    /** Makes the prepared journal the journal; needs no space. */
    takeUndo: (id: string): Promise<void> => take(places.undo(id), places.journal),
    /** The journal that leads back from what was under way, whatever the journal itself says. */
    findUndo: async (): Promise<FirmwareJournal | undefined> => {
      for (const name of await fs.readdir(places.own)) {
        const place = placeOf(name);
        if (place?.kind === 'undo') return read(places.undo(place.id)).catch(() => undefined);
      }
      return undefined;
    },
    /** Moves a damaged journal aside. */
    setAside: (): Promise<void> => take(places.journal, places.damaged),
  };
};
export type JournalFile = ReturnType<typeof journalFile>;
