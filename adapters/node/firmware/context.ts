import { createSerialQueue } from '../../shared/serialize.ts';
import { hostFs, type FileSystem } from '../fs/file-system.ts';
import { ioError } from '../fs/errors.ts';
import { journalFile, type JournalFile } from './journal-file.ts';
import { firmwarePlaces, type FirmwarePlaces } from './layout.ts';
import { sweepFirmware } from './sweep.ts';
import type { FirmwareJournal } from '../../../services/firmware-journal.ts';

/** Whose updates to carry on. */
export interface FolderFirmwareOptions {
  /** The unit's folder: the one that env.json is in. */
  readonly folder: string;
  /** @defaultValue the host's file system */
  readonly fs?: FileSystem;
}

/** What the parts of a store share. */
export interface FirmwareParts {
  readonly fs: FileSystem;
  readonly places: FirmwarePlaces;
  readonly journal: JournalFile;
  /** Ids of versions that are staged and not swapped. */
  readonly staged: Set<string>;
  /** Removes what no update needs any more. */
  readonly sweep: (now: FirmwareJournal) => Promise<void>;
  /** Runs one operation after the other, and tells the disk's failures as the firmware's. */
  readonly inTurn: <T>(what: string, task: () => Promise<T>) => Promise<T>;
}

/** Makes what the parts of a store share. */
export const firmwareParts = ({ folder, fs = hostFs }: FolderFirmwareOptions): FirmwareParts => {
  const places = firmwarePlaces(folder);
  const staged = new Set<string>();
  const inTurn = createSerialQueue();
  return {
    fs,
    places,
    journal: journalFile(fs, places),
    staged,
    sweep: (now) => sweepFirmware(fs, places, now, (id) => staged.has(id)),
    inTurn: (what, task) =>
      inTurn(task).catch((cause: unknown) => {
        throw ioError(what, cause);
      }),
  };
};
