import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';
import { replaceFile } from '../../../adapters/node/fs/durable-file.ts';
import { defaultArchiveLimits } from '../../../services/firmware.ts';
import type { JsonObject } from '../../../services/json.ts';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import { folderFirmwareTrials } from '../../../adapters/node/firmware/trials.ts';
import { inChunks } from '../../support/tar.ts';
import { judgeOf, unitFolder as folder, type Case, type Complain, type Judge } from './judge.ts';
import { powerDisk, type PowerDisk } from './power-disk.ts';
import { stepper, steppingFs, type Step } from './stepping-fs.ts';
import type { Verdict } from './tally.ts';
import { snapshotOf } from './tree.ts';
import { carryOut } from './update.ts';

const env: JsonObject = { PU_COMMIT_VERSION: 'new', PU_AUTH_TOKEN: 'token', NAME: 'Датчик' };

/** Replaces env.json as the client does when one comes. */
const replaceEnv = (fs: FileSystem): Promise<void> =>
  folderFirmwareStore({ folder, fs, limits: defaultArchiveLimits }).replaceEnv(env, () =>
    replaceFile(`${folder}/env.json`, JSON.stringify(env), { fs }),
  );

const rollBack = (fs: FileSystem): Promise<void> =>
  folderFirmwareTrials({ folder, fs }).rollBack({ reason: 'crashed' });

/** An env that comes during the trial of a version. */
export interface EnvBench {
  readonly unit: Case;
  /** Tells the versions with the env before, and those with the new one. */
  readonly before: Judge;
  readonly after: Judge;
  readonly complain: Complain;
}

const diskOnTrial = async ({ prepare, archive, scope, hasPackages }: Case): Promise<PowerDisk> => {
  const disk = powerDisk();
  await prepare(disk.fs);
  await carryOut('update', { fs: disk.fs, folder, archive: () => inChunks(archive), scope, hasPackages });
  return disk;
};

/** Gets to know both versions with the new env, from a run without a fault. */
export const envBench = async (unit: Case, complain: Complain): Promise<EnvBench> => {
  const { fs } = await diskOnTrial(unit);
  await replaceEnv(fs);
  const onTrial = await snapshotOf(fs, folder);
  await rollBack(fs);
  return { unit, before: unit, after: judgeOf(await snapshotOf(fs, folder), onTrial), complain };
};

/** Replaces the env of a version on trial, with each step told. @returns The disk. */
export const envStepped = async ({ unit }: EnvBench, before: (step: Step) => void): Promise<PowerDisk> => {
  const disk = await diskOnTrial(unit);
  const { step } = stepper(before);
  await replaceEnv(steppingFs(disk.fs, step)).catch(() => undefined);
  return disk;
};

/** Rolls the version back after a fault: the env that was in force stays, and the files are of one version. */
export const envVerdict = async (
  { before, after, complain }: EnvBench,
  { fs }: PowerDisk,
  what: string,
): Promise<Verdict> => {
  try {
    await folderFirmwareTrials({ folder, fs }).recover();
    const onTrial = await snapshotOf(fs, folder);
    const isNewEnv = after.versionOf(onTrial) === 'new';
    await rollBack(fs);
    const restored = await snapshotOf(fs, folder);
    const isOld = after.versionOf(restored) === 'old' || (!isNewEnv && before.versionOf(restored) === 'old');
    if (isOld && (isNewEnv || before.versionOf(onTrial) === 'new')) return 'old';
    complain(`${what}: a mix`, { onTrial, restored });
    return 'mixed';
  } catch (thrown) {
    complain(`${what}: bricked`, thrown);
    return 'bricked';
  }
};
