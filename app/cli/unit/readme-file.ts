import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isMissing } from '../../../adapters/node/fs/errors.ts';
import { failureOf } from '../../../services/errors.ts';
import { callFor } from '../../terminal/shell.ts';
import type { Note } from '../note.ts';
import { readIfThere } from '../if-there.ts';
import { descriptionName, isGenerated, parseDescription, readmeName, readmeOf, withOwnPart } from './description.ts';

/** The readme of a unit's folder, and what it should be. */
export interface ReadmeState {
  readonly path: string;
  /** `undefined` when there is none. */
  readonly before: string | undefined;
  readonly wanted: string;
  readonly isCurrent: boolean;
  /** Whether it was written from a pepeunit.toml, or is not there at all. */
  readonly isOurs: boolean;
}

const nameIn = async (folder: string): Promise<string> => {
  const names = (await readdir(folder)).filter((name) => name.toLowerCase() === readmeName);
  return names.find((name) => name === readmeName) ?? names[0] ?? readmeName;
};

const linesOf = (text: string): string => text.replaceAll('\r\n', '\n').trimEnd();

/**
 * Compares a unit's readme with its pepeunit.toml.
 *
 * @returns `undefined` when there is no pepeunit.toml.
 * @throws {SettingsError} The pepeunit.toml is not valid.
 */
export const readmeStateIn = async (folder: string): Promise<ReadmeState | undefined> => {
  const description = await readIfThere(join(folder, descriptionName));
  if (description === undefined) return undefined;
  const path = join(folder, await nameIn(folder));
  const before = await readIfThere(path);
  const wanted = withOwnPart(readmeOf(await parseDescription(description)), before ?? '');
  return {
    path,
    before,
    wanted,
    isCurrent: before !== undefined && linesOf(before) === linesOf(wanted),
    isOurs: before === undefined || isGenerated(before),
  };
};

/** Says that a unit's readme is not what its pepeunit.toml says, and what to do. */
export const oldReadme = (path: string, folder: string): string =>
  `${path} is not what ${descriptionName} says. Write it by ${callFor('readme', folder)}.`;

/** Notes that a unit's readme is not what its pepeunit.toml says; a device has neither. */
export const noteOldReadme = async (folder: string, note: Note): Promise<void> => {
  try {
    const state = await readmeStateIn(folder);
    if (!state || state.isCurrent || !state.isOurs) return;
    note(oldReadme(state.path, folder));
  } catch (thrown) {
    if (codeOf(thrown) === 'ERR_MODULE_NOT_FOUND' || isMissing(thrown)) return;
    note(failureOf(thrown).message);
  }
};
