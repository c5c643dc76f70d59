import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Author } from './project.ts';

const run = promisify(execFile);

/** Reads a setting of git. @returns `undefined` where git, or the setting, is missing. */
const settingOf = async (name: string): Promise<string | undefined> => {
  try {
    const { stdout } = await run('git', ['config', '--get', name], { timeout: 10_000 });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
};

/** Who makes the unit, from git's settings. */
export const authorFromGit = async (): Promise<Author> => {
  const name = await settingOf('user.name');
  const email = await settingOf('user.email');
  return { ...(name !== undefined && { name }), ...(email !== undefined && { email }) };
};
