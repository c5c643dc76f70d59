import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, replaceFile } from '../fs/durable-file.ts';
import { ignoreMissing } from '../fs/errors.ts';
import { hostFs, statsOf } from '../fs/file-system.ts';
import { FirmwareLayout } from '../firmware/layout.ts';

const markOf = (folder: string): string => join(new FirmwareLayout(folder).own, 'unguarded-links.json');

/** Leaves a mark in the private folder of a unit that takes its program from any host, unsigned; takes it from others. */
export const markUnguarded = async (folder: string, isUnguarded: boolean): Promise<void> => {
  const path = markOf(folder);
  if (!isUnguarded) return unlink(path).catch(ignoreMissing);
  if (await statsOf(hostFs, path)) return;
  await makeFolder(dirname(path));
  await replaceFile(path, '{"format":1}\n');
};

/** Whether the unit in a folder takes its program from any host, unsigned, as of its last start. */
export const isMarkedUnguarded = async (folder: string): Promise<boolean> =>
  (await statsOf(hostFs, markOf(folder))) !== undefined;
