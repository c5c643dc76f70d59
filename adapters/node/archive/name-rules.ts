import { join } from 'node:path';
import type { NameRules } from '../../shared/archive/entry-names.ts';
import { privateFolder } from '../fs/durable-file.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';

/** One name, and other spellings under which disks that ignore case or composition find it. */
const probe = '.pepeunit-caf\u00e9';
const otherSpellings = ['.PEPEUNIT-CAF\u00c9', '.pepeunit-cafe\u0301'];

/** Finds out which names can't be held in a folder: makes a probe in it, looks for that by other names, and removes it. */
export const nameRulesOf = async (fs: FileSystem, folder: string): Promise<NameRules> => {
  const path = join(folder, probe);
  await fs.mkdir(path, { recursive: true, mode: privateFolder });
  try {
    const found = await Promise.all(otherSpellings.map((name) => statsOf(fs, join(folder, name))));
    return { isWindows: process.platform === 'win32', foldsNames: found.some((stats) => stats !== undefined) };
  } finally {
    await fs.rmdir(path);
  }
};
