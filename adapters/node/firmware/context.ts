import type { FirmwareJournal } from '../../../services/firmware-journal.ts';
import { SerialQueue } from '../../shared/serialize.ts';
import { ioError } from '../fs/errors.ts';
import { hostFs, statsOf, type FileSystem } from '../fs/file-system.ts';
import { inside } from '../fs/file-tree.ts';
import { sweepTemporaries } from '../fs/temporary-files.ts';
import { JournalFile } from './journal-file.ts';
import { FirmwareLayout, parseName } from './layout.ts';
import { removeAll } from './operations.ts';

/** Options of a unit's updates. */
export interface FolderFirmwareOptions {
  /** The unit's folder, with its env.json. */
  readonly folder: string;
  /** @defaultValue the host's file system */
  readonly fs?: FileSystem;
  /** The wall clock, Unix milliseconds. @defaultValue the host's */
  readonly now?: () => number;
}

/** Names in the private folder that the journal still refers to. */
const neededBy = ({ phase, flight, running }: FirmwareJournal): ReadonlySet<string> => {
  const needed = new Set<string>();
  if (flight) for (const kind of ['plan', 'packages', 'previous', 'undo']) needed.add(`${kind}-${flight.id}`);
  if (flight && phase === 'swapping') needed.add(`staging-${flight.id}`);
  if (running) needed.add(`plan-${running}`);
  if (running && phase !== 'trial') needed.add(`previous-${running}`);
  return needed;
};

/** Removes files that no update needs, and temporary files of killed writes; kept files stay. */
const removeStale = async (
  fs: FileSystem,
  { own }: FirmwareLayout,
  journal: FirmwareJournal,
  isStaged: (id: string) => boolean,
): Promise<void> => {
  if (!(await statsOf(fs, own))?.isDirectory()) return;
  const needed = neededBy(journal);
  for (const name of await fs.readdir(own)) {
    const place = parseName(name);
    if (!place || needed.has(`${place.kind}-${place.id}`)) continue;
    if (['staging', 'packages'].includes(place.kind) && isStaged(place.id)) continue;
    await removeAll(fs, inside(own, name));
  }
  await sweepTemporaries(own);
};

/** Shared state of a store's operations. */
export class FirmwareContext {
  readonly fs: FileSystem;
  readonly now: () => number;
  readonly layout: FirmwareLayout;
  readonly journal: JournalFile;
  /** Ids of staged versions that are not swapped in. */
  readonly staged = new Set<string>();
  readonly #turns = new SerialQueue();

  constructor({ folder, fs = hostFs, now = Date.now }: FolderFirmwareOptions) {
    this.fs = fs;
    this.now = now;
    this.layout = new FirmwareLayout(folder);
    this.journal = new JournalFile(fs, this.layout);
  }

  /** Removes files that no update needs. */
  sweep(now: FirmwareJournal): Promise<void> {
    return removeStale(this.fs, this.layout, now, (id) => this.staged.has(id));
  }

  /** Runs operations one at a time, and turns disk errors into firmware errors. */
  inTurn<T>(what: string, task: () => Promise<T>): Promise<T> {
    return this.#turns.run(task).catch((cause: unknown) => {
      throw ioError(what, cause);
    });
  }
}
