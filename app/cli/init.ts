import { basename, join, resolve } from 'node:path';
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { StorageError } from '../../services/errors.ts';
import { command, exitCode } from './command.ts';
import { firstUnit } from './first-unit.ts';
import { print } from '../terminal/output.ts';
import { thisPackage } from '../terminal/package.ts';

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

/** Turns a folder's name into a valid npm package name. */
const packageName = (folder: string): string =>
  basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '') || 'unit';

/** `pepeunit init`: writes a first unit. */
export const initCommand = command(
  {
    name: 'init',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Writes a first unit into FOLDER (by default the current one): a program, env_example.json, schema_example.json\n' +
      'and package.json. Never overwrites: if one of the files exists already, nothing is written.',
    options: {
      typescript: { type: 'boolean', help: 'Write the program in TypeScript instead of JavaScript.' },
      json: { type: 'boolean', help: 'Print the list of written files as JSON.' },
    },
  },
  async ({ operands: [folder = '.'], options }) => {
    const language = options.typescript === true ? 'typescript' : 'javascript';
    const files = Object.entries(firstUnit(packageName(folder), thisPackage.version, language));
    for (const [name] of files) {
      const path = join(folder, name);
      if (await exists(path)) {
        throw new StorageError('io', `${path} exists already, and nothing was written. Name another folder.`);
      }
    }
    await mkdir(folder, { recursive: true });
    for (const [name, text] of files) await writeFile(join(folder, name), text, { flag: 'wx' });
    if (options.json === true) {
      print(JSON.stringify({ folder: resolve(folder), files: files.map(([name]) => name) }));
      return exitCode.ok;
    }
    for (const [name] of files) print(`wrote ${join(folder, name)}`);
    print('');
    print('Next: npm install, put env.json and schema.json of the unit beside the program, npm start.');
    return exitCode.ok;
  },
);
