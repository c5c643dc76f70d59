import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ts from 'typescript';
import { onTestFinished } from 'vitest';
import { createFolder } from './folder.ts';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const rooms = ['machines', 'services', 'adapters', 'app'];
const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
};

/** A program in JavaScript, in a folder of its own. */
export interface Compiled {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Compiles a file of the tests into a folder, and all files of the tests that it imports. */
const compileInto = async (outDir: string, file: string, done = new Set<string>()): Promise<void> => {
  const from = relative(root, file);
  if (done.has(from) || rooms.some((room) => from.startsWith(`${room}/`))) return;
  done.add(from);
  const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), { compilerOptions });
  const to = join(outDir, from).replace(/\.ts$/, '.js');
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, outputText);
  for (const [, specifier = ''] of outputText.matchAll(/from ["'](\.[^"']+)\.js["']/g))
    await compileInto(outDir, resolve(dirname(file), `${specifier}.ts`), done);
};

/** Makes JavaScript of a TypeScript program of the tests, beside the built package, for a process of its own. */
export const compileProgram = async (program: URL): Promise<Compiled> => {
  const entry = fileURLToPath(program);
  const { path: outDir, remove } = await createFolder();
  await writeFile(join(outDir, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(outDir, 'node_modules'));
  for (const room of rooms) await symlink(join(root, 'dist', room), join(outDir, room));
  await compileInto(outDir, entry);
  return {
    path: join(outDir, relative(root, entry)).replace(/\.ts$/, '.js'),
    remove,
  };
};

/** A program that runs, with all that it printed so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly printed: () => string;
  /** The exit code, or the signal that ended it. */
  readonly end: Promise<number | NodeJS.Signals | null>;
}

/** Runs a compiled program; killed when the test is over. */
export const startCompiled = (
  { path }: Compiled,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Running => {
  const child = spawn(process.execPath, [path, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
  const end = new Promise<number | NodeJS.Signals | null>((done) =>
    child.once('close', (code, signal) => done(signal ?? code)),
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await end;
  });
  return { child, printed: () => text, end };
};
