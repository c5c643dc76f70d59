import { mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { startNode, type CliResult } from './cli.ts';

const root = resolve(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

/** What `init` writes besides the program, whatever its language. */
export const repositoryFiles = [
  '.gitignore',
  '.pepeignore',
  'LICENSE',
  'env_example.json',
  'package.json',
  'pepeunit.toml',
  'readme.md',
  'schema_example.json',
  'unit.d.ts',
];

/** The files of the program that `init` writes. */
export const programOf = (extension: string): string[] =>
  ['main', 'greeter', 'greeter.test'].map((name) => `${name}.${extension}`);

/** Whether this Node runs TypeScript as it is. */
export const stripsTypes = 'typescript' in process.features && process.features.typescript !== false;

/** Installs this package into the folder of a unit, with what its types need, as a link; nothing comes from a registry. */
export const linkPackage = async (folder: string): Promise<void> => {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await symlink(root, join(modules, 'pepeunit-client'));
  await symlink(dirname(dirname(require.resolve('@types/node/package.json'))), join(modules, '@types'));
  await symlink('../pepeunit-client/dist/app/cli/bin.js', join(modules, '.bin/pepeunit'));
};

/** Runs `node --test` in a folder, as `npm test` of a new unit does. */
export const runTestsIn = (folder: string): Promise<CliResult> =>
  startNode(['--test', '--test-reporter=tap'], { cwd: folder, env: { NODE_TEST_CONTEXT: undefined } }).ended;

/** Compiles a folder, as `npm run check` of a new unit does. */
export const compileIn = (folder: string): Promise<CliResult> =>
  startNode([require.resolve('typescript/bin/tsc')], { cwd: folder }).ended;

/** Reads a JSON file. */
export const readJson = async <T>(...path: string[]): Promise<T> =>
  JSON.parse(await readFile(join(...path), 'utf8')) as T;
