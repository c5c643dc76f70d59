import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './folder.ts';
import { startNode } from './cli.ts';
import { packedPackage } from './npm/packed.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** A project of a user of the package: an empty folder in which the packed tarball is installed. */
export interface Consumer {
  readonly folder: string;
  write(name: string, text: string): Promise<void>;
  /** Compiles all of it as `tsc --strict` does. @returns What the compiler says. */
  compile(): Promise<string>;
  /** Runs the compiled tests with `node --test`. @returns How many passed and failed, and what was printed. */
  runTests(): Promise<{ pass: number; fail: number; output: string }>;
}

const compilerOptions = {
  strict: true,
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.asynciterable', 'esnext.disposable'],
  types: ['node'],
  resolveJsonModule: true,
  rewriteRelativeImportExtensions: true,
  rootDir: '.',
  outDir: 'out',
};

/** Packs the built package, and unpacks it as npm does. */
const installPacked = async (modules: string): Promise<void> => {
  const archive = join(modules, 'pepeunit-client.tgz');
  await writeFile(archive, (await packedPackage()).tarball);
  await mkdir(join(modules, 'pepeunit-client'));
  await run('tar', ['xzf', archive, '--strip-components=1', '-C', join(modules, 'pepeunit-client')]);
  await rm(archive);
};

/** Links what the package depends on: nothing comes from a registry. */
const linkDependencies = async (modules: string): Promise<void> => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    await readFile(join(modules, 'pepeunit-client/package.json'), 'utf8'),
  ) as Partial<Record<'dependencies' | 'optionalDependencies' | 'peerDependencies', Record<string, string>>>;
  const needed = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  for (const name of ['@types/node', ...needed]) {
    const place = join(modules, name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(root, 'node_modules', name), place);
  }
};

const countOf = (output: string, what: string): number =>
  Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1]);

/** Creates the project in an empty folder. The package has to be built. */
export const createConsumerIn = async (folder: string): Promise<Consumer> => {
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await installPacked(modules);
  await linkDependencies(modules);
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  await write('package.json', JSON.stringify({ type: 'module' }));
  await write('tsconfig.json', JSON.stringify({ compilerOptions, exclude: ['out', 'node_modules'] }));
  return {
    folder,
    write,
    compile: async () => {
      const tsc = startNode([join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], { cwd: folder });
      return (await tsc.ended).stdout.trim();
    },
    runTests: async () => {
      const files = (await readdir(join(folder, 'out'), { recursive: true })).filter((name) =>
        name.endsWith('.test.js'),
      );
      const tests = startNode(['--test', '--test-reporter=tap', ...files.map((name) => join('out', name))], {
        cwd: folder,
      });
      const { stdout, stderr } = await tests.ended;
      return { pass: countOf(stdout, 'pass'), fail: countOf(stdout, 'fail'), output: stdout + stderr };
    },
  };
};

/** Creates the project in a folder that is removed when the test is over. The package has to be built. */
export const createConsumer = async (): Promise<Consumer> => createConsumerIn(await temporaryFolder());
