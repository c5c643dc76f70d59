import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FirmwareStore } from '../../../services/firmware.ts';
import { makeFolder, replaceFile } from '../fs/durable-file.ts';
import { ignoreMissing } from '../fs/errors.ts';
import { hostFs, statsOf } from '../fs/file-system.ts';
import { firmwareLayout } from '../firmware/layout.ts';

const markOf = (folder: string): string => join(firmwareLayout(folder).own, 'unguarded-links.json');

/** Leaves a mark in the private folder, or takes it away. */
const mark = async (folder: string, isUnguarded: boolean): Promise<void> => {
  const path = markOf(folder);
  if (!isUnguarded) return unlink(path).catch(ignoreMissing);
  if (await statsOf(hostFs, path)) return;
  await makeFolder(firmwareLayout(folder).own);
  await replaceFile(path, '{"format":1}\n');
};

/** Whether the unit in a folder takes its program from any host, unsigned, as of its last start. */
export const isMarkedUnguarded = async (folder: string): Promise<boolean> =>
  (await statsOf(hostFs, markOf(folder))) !== undefined;

/** A store that marks the unit's folder at each start, for `pepeunit doctor`. */
export const markingUnguarded = (store: FirmwareStore, folder: string, isUnguarded: boolean): FirmwareStore => ({
  ...store,
  recover: async () => {
    const status = await store.recover();
    // The mark is advice: the unit starts without it as well.
    await mark(folder, isUnguarded).catch(() => undefined);
    return status;
  },
});
