import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Finds a program in the folders of the PATH, then in others; `undefined` where it is not installed. */
export const executable = (name: string, ...others: readonly string[]): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), ...others].map((folder) => join(folder, name)).find(isExecutable);
