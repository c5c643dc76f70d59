import type { FirmwareJournal } from '../../../services/firmware-journal.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { sweepTemporaries } from '../fs/temporary-files.ts';
import { inside, placeOf, type FirmwarePlaces } from './layout.ts';
import { removeAll } from './steps.ts';

/** Names in the private folder that the journal still needs. */
const neededBy = ({ phase, flight, running }: FirmwareJournal): ReadonlySet<string> => {
  const needed = new Set<string>();
  if (flight) for (const kind of ['plan', 'previous', 'undo', 'aside']) needed.add(`${kind}-${flight.id}`);
  if (flight && phase === 'swapping') needed.add(`staging-${flight.id}`);
  if (running) needed.add(`plan-${running}`);
  if (running && phase !== 'trial') needed.add(`previous-${running}`);
  return needed;
};

/**
 * Removes what no update needs any more, and what writes that were killed have left; leaves what is not an update's.
 *
 * What was moved aside by a rollback stays until the next trial.
 */
export const sweepFirmware = async (
  fs: FileSystem,
  { own }: FirmwarePlaces,
  journal: FirmwareJournal,
  isStaged: (id: string) => boolean,
): Promise<void> => {
  if (!(await statsOf(fs, own))?.isDirectory()) return;
  const needed = neededBy(journal);
  for (const name of await fs.readdir(own)) {
    const place = placeOf(name);
    if (!place || needed.has(`${place.kind}-${place.id}`)) continue;
    if (place.kind === 'staging' && isStaged(place.id)) continue;
    if (place.kind === 'aside' && journal.phase !== 'trial') continue;
    await removeAll(fs, inside(own, name));
  }
  await sweepTemporaries(own);
};
