import { resolve } from 'node:path';

/** Writes a word as a shell reads it: quoted where it has to be. */
export const shellWord = (word: string): string =>
  /^[\p{L}\p{N}_./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** The call of a command for the unit in a folder, to be copied into a shell. */
export const callFor = (command: string, folder: string): string => {
  const call = `npx pepeunit-client ${command}`;
  return resolve(folder) === resolve('.') ? call : `${call} ${shellWord(folder)}`;
};
