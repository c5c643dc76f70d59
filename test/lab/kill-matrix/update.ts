import { FirmwareLayout } from '../../../adapters/node/firmware/layout.ts';
import { takePackages } from '../../../adapters/node/firmware/packages.ts';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import { folderFirmwareTrials } from '../../../adapters/node/firmware/trials.ts';
import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';
import { defaultArchiveLimits } from '../../../services/firmware.ts';
import type { FirmwareScope } from '../../../services/firmware-journal.ts';
import { swapOrder } from './versions.ts';

/** A part of an update's life that can be interrupted. */
export type Task = 'update' | 'recover' | 'rollBack' | 'confirm';

/** Who carries a task out, and where. */
export interface Workplace {
  readonly fs: FileSystem;
  readonly folder: string;
  readonly archive: () => AsyncIterable<Uint8Array>;
  /** @defaultValue `'everything'` */
  readonly scope?: FirmwareScope;
  /** Whether the `node_modules` of the archive stands for what npm has installed. @defaultValue false */
  readonly hasPackages?: boolean;
}

/** Carries a task out as the client and the supervisor do. */
export const carryOut = async (task: Task, place: Workplace): Promise<void> => {
  const { fs, folder, archive, scope = 'everything', hasPackages = false } = place;
  if (task === 'recover') return void (await folderFirmwareTrials({ folder, fs }).recover());
  if (task === 'confirm') return folderFirmwareTrials({ folder, fs }).confirm();
  if (task === 'rollBack') return folderFirmwareTrials({ folder, fs }).rollBack({ reason: 'it crashed' });
  const store = folderFirmwareStore({ folder, fs, limits: defaultArchiveLimits, keeps: ['data', 'log.json'] });
  await store.recover();
  const { id } = await store.stage(archive(), new AbortController().signal);
  await store.readJson(id, 'env.json');
  if (hasPackages) await takePackages(fs, new FirmwareLayout(folder), id);
  await store.swap(id, swapOrder(scope));
};
