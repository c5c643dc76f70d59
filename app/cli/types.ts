import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../adapters/node/fs/durable-file.ts';
import { ignoreMissing, storageError } from '../../adapters/node/fs/errors.ts';
import { readDocument } from '../../adapters/node/fs/read-json.ts';
import { SchemaError, SettingsError } from '../../services/errors.ts';
import { isJsonObject, type JsonObject } from '../../services/json.ts';
import { print, printStatus } from '../terminal/output.ts';
import { callFor } from '../terminal/shell.ts';
import { command, exitCode, UsageError } from './command.ts';
import { unitTypes, unitTypesName } from './unit/declaration.ts';

/** Reads an example of a unit's folder. @throws {SettingsError | SchemaError | StorageError} */
const readExample = async (path: string, DocumentError: typeof SettingsError | typeof SchemaError) => {
  const example = await readDocument(path);
  if (example === undefined) {
    throw new DocumentError('missing', `${path} does not exist. Give the folder of a unit's program.`);
  }
  if (!isJsonObject(example)) throw new DocumentError('malformed', `${path} must be a JSON object. Correct it.`);
  return example;
};

/** Reads the examples of the unit in a folder. */
const readExamples = async (folder: string): Promise<[env: JsonObject, schema: JsonObject]> => {
  if ((await stat(folder).catch(ignoreMissing))?.isFile() === true) {
    throw new UsageError(`It takes a unit's folder, and ${folder} is a file. Give the folder that it is in.`);
  }
  return [
    await readExample(join(folder, 'env_example.json'), SettingsError),
    await readExample(join(folder, 'schema_example.json'), SchemaError),
  ];
};

/** Reads a text with the line ends of this package; `undefined` if there is none. @throws {StorageError} */
const readText = async (path: string): Promise<string | undefined> => {
  try {
    return (await readFile(path, 'utf8').catch(ignoreMissing))?.replaceAll('\r\n', '\n');
  } catch (thrown) {
    throw storageError(path, 'read', thrown);
  }
};

const write = async (path: string, text: string): Promise<void> => {
  try {
    await replaceFile(path, text, { mode: 0o666 & ~process.umask() });
  } catch (thrown) {
    throw storageError(path, 'written', thrown);
  }
};

const remedy = (folder: string): string => `Write it by ${callFor('types', folder)}.`;

/** `pepeunit types`: writes the types of a unit's variables and topic keys. */
export const typesCommand = command(
  {
    name: 'types',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      `Writes ${unitTypesName} into FOLDER (by default the current one): the types of the variables in its\n` +
      'env_example.json and of the topic keys in its schema_example.json, for new PepeunitClient<Unit>(…).\n' +
      'Variables that Pepeunit reserves are left out, as they have types already.',
    options: {
      check: { type: 'boolean', help: `Write nothing, and exit with 1 if ${unitTypesName} is not up to date.` },
      print: { type: 'boolean', help: 'Print the types, and write nothing.' },
      json: { type: 'boolean', help: 'Print the path, and whether it was current, as JSON.' },
    },
    examples: ['my-unit', '--check'],
  },
  async ({ operands: [folder = '.'], options: { check = false, json = false, print: isPrinted = false } }) => {
    if (json && isPrinted) throw new UsageError('Give --json or --print, not both.');
    const text = unitTypes(...(await readExamples(folder)));
    if (isPrinted) {
      print(text.trimEnd());
      return exitCode.ok;
    }
    const path = join(folder, unitTypesName);
    const isCurrent = (await readText(path)) === text;
    if (!check && !isCurrent) await write(path, text);
    if (json) print(JSON.stringify({ types: path, current: isCurrent }));
    else if (isCurrent) print(`${path} is up to date`);
    else if (check) printStatus(`pepeunit types: ${path} is not up to date. ${remedy(folder)}`);
    else print(`wrote ${path}`);
    return check && !isCurrent ? exitCode.failed : exitCode.ok;
  },
);
