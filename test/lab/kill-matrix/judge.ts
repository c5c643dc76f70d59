import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';
import { folderFirmwareTrials } from '../../../adapters/node/firmware/trials.ts';
import type { FirmwareScope } from '../../../services/firmware-journal.ts';
import { powerDisk } from './power-disk.ts';
import { inChunks } from '../../support/tar.ts';
import { snapshotOf, type Snapshot } from './tree.ts';
import type { Verdict } from './tally.ts';
import { carryOut, type Workplace } from './update.ts';
import { foreignFiles, keptFiles, layOut, newArchive, oldArchive, oldPackages } from './versions.ts';

/** Tells the two versions by what they look like on disk. */
export interface Judge {
  readonly versionOf: (snapshot: Snapshot) => 'old' | 'new' | undefined;
}

/** An update to be judged. */
export interface Situation {
  /** How many updates have put the old version there. */
  readonly updatesBefore: number;
  readonly scope: FirmwareScope;
  /** Whether packages of npm come with the new version. @defaultValue false */
  readonly hasPackages?: boolean;
}

/** A situation with all that belongs to it. */
export interface Case extends Judge {
  readonly scope: FirmwareScope;
  readonly hasPackages: boolean;
  readonly archive: Buffer;
  /** Lays the old version out, all of it on disk. */
  readonly prepare: (fs: FileSystem) => Promise<void>;
}

export const unitFolder = '/unit';

/** Knows two snapshots from each other, and from all others. */
export const judgeOf = (before: Snapshot, after: Snapshot): Judge => {
  const [oldOne, newOne] = [JSON.stringify(before), JSON.stringify(after)];
  return {
    versionOf: (snapshot) => {
      const text = JSON.stringify(snapshot);
      if (text === oldOne) return 'old';
      return text === newOne ? 'new' : undefined;
    },
  };
};

/** Gets to know both versions of a situation from an update without a fault. */
export const caseOf = async ({ updatesBefore, scope, hasPackages = false }: Situation): Promise<Case> => {
  const [first, archive] = [await oldArchive(), await newArchive(scope, hasPackages)];
  const prepare = async (fs: FileSystem): Promise<void> => {
    await layOut(fs, unitFolder, hasPackages ? oldPackages : {});
    const place = { fs, folder: unitFolder, archive: () => inChunks(first) };
    for (let update = 0; update < updatesBefore; update += 1) {
      await carryOut('update', place);
      await carryOut('confirm', place);
    }
  };
  const { fs } = powerDisk();
  await prepare(fs);
  const before = await snapshotOf(fs, unitFolder);
  await carryOut('update', { fs, folder: unitFolder, archive: () => inChunks(archive), scope, hasPackages });
  return { ...judgeOf(before, await snapshotOf(fs, unitFolder)), scope, hasPackages, archive, prepare };
};

/** Whether a file of the user is where it was, or kept because it gave way. */
const isInPlaceOrKept = async (fs: FileSystem, folder: string, name: string, text: string): Promise<boolean> => {
  const kept = `${folder}/.pepeunit/kept`;
  const places = (await fs.readdir(kept).catch(() => [])).map((version) => `${kept}/${version}`);
  for (const place of [folder, ...places]) {
    const found = await fs.readFile(`${place}/${name}`).catch(() => undefined);
    if (found && new TextDecoder().decode(found) === text) return true;
  }
  return false;
};

/** Whether what is the unit's or the user's own is there; the log may have grown. */
export const hasItsData = async (fs: FileSystem, folder: string): Promise<boolean> => {
  for (const [name, text] of Object.entries(keptFiles)) {
    const found = new TextDecoder().decode(await fs.readFile(`${folder}/${name}`));
    if (!found.startsWith(text)) return false;
  }
  for (const [name, text] of Object.entries(foreignFiles)) {
    if (!(await isInPlaceOrKept(fs, folder, name, text))) return false;
  }
  return true;
};

/** What went wrong with a run, for those who have to find out why. */
export type Complain = (what: string, detail: unknown) => void;

/**
 * Starts a unit as its supervisor does after a fault, and judges what is there: one version as a whole, nothing stale,
 * and the way on open: from the old version to the new one, from a new one on trial back.
 */
export const verdictOn = async ({ versionOf }: Judge, place: Workplace, complain: Complain): Promise<Verdict> => {
  const { fs, folder } = place;
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
      (name) => /^(staging|packages|undo|aside)-/.test(name) && !(phase === 'trial' && /^(undo|packages)/.test(name)),
    );
    if (problem || stale.length > 0) throw new Error(`left: ${stale.join()} ${problem?.message ?? ''}`);
    if (version === 'new' && phase === 'trial') await trials.rollBack({ reason: 'to see the way back' });
    if (version === 'old') await carryOut('update', place);
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
