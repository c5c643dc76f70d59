import type { FirmwareFs } from '../../adapters/node/firmware-fs.ts';
import { folderFirmwareTrials } from '../../adapters/node/firmware-trials.ts';
import { powerDisk } from './power-disk.ts';
import { inChunks } from '../support/tar.ts';
import { snapshotOf, type Snapshot } from './tree.ts';
import type { Verdict } from './tally.ts';
import { carryOut, type Workplace } from './update.ts';
import { keptFiles, layOut, newArchive } from './versions.ts';

/** What the two versions look like on disk. */
export interface Judge {
  readonly archive: Buffer;
  readonly versionOf: (snapshot: Snapshot) => 'old' | 'new' | undefined;
}

const unitFolder = '/unit';

/** Gets to know both versions from an update without a fault. */
export const judge = async (): Promise<Judge> => {
  const archive = await newArchive();
  const { fs } = powerDisk();
  await layOut(fs, unitFolder);
  const oldOne = JSON.stringify(await snapshotOf(fs, unitFolder));
  await carryOut('update', { fs, folder: unitFolder, archive: () => inChunks(archive) });
  const newOne = JSON.stringify(await snapshotOf(fs, unitFolder));
  return {
    archive,
    versionOf: (snapshot) => {
      const text = JSON.stringify(snapshot);
      if (text === oldOne) return 'old';
      return text === newOne ? 'new' : undefined;
    },
  };
};

/** Whether what is the unit's own is there; the log may have grown. */
const hasItsData = async (fs: FirmwareFs, folder: string): Promise<boolean> => {
  for (const [name, text] of Object.entries(keptFiles)) {
    const found = new TextDecoder().decode(await fs.readFile(`${folder}/${name}`));
    if (!found.startsWith(text)) return false;
  }
  return true;
};

/** What went wrong with a run, for those who have to find out why. */
export type Complain = (what: string, detail: unknown) => void;

/**
 * Starts a unit as its supervisor does after a fault, and judges what is there: one version as a whole, a journal that belongs to it, nothing
 * stale, and the way on open: from the old version to the new one, from the new one back.
 */
export const verdictOn = async (
  { versionOf }: Judge,
  { fs, folder, archive }: Workplace,
  complain: Complain,
): Promise<Verdict> => {
  const trials = folderFirmwareTrials({ folder, fs });
  try {
    const { phase, problem } = await trials.recover();
    const snapshot = await snapshotOf(fs, folder);
    const version = versionOf(snapshot);
    if (!version || !(await hasItsData(fs, folder))) {
      complain('a mix', snapshot);
      return 'mixed';
    }
    const names = await fs.readdir(`${folder}/.pepeunit`).catch(() => []);
    const stale = names.filter(
      (name) => /^(staging|undo|aside)-/.test(name) && !(phase === 'trial' && name.startsWith('undo')),
    );
    if (problem || stale.length > 0) throw new Error(`left: ${stale.join()} ${problem?.message ?? ''}`);
    if (version === 'new' && phase === 'trial') await trials.rollBack('to see the way back');
    if (version === 'old') await carryOut('update', { fs, folder, archive });
    if (phase === 'trial' || version === 'old') {
      const after = versionOf(await snapshotOf(fs, folder));
      if (after !== (version === 'old' ? 'new' : 'old')) throw new Error(`the way on is closed: ${after ?? 'a mix'}`);
    }
    return version;
  } catch (thrown) {
    complain('bricked', thrown);
    return 'bricked';
  }
};
