import { spawn, type ChildProcess } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { onTestFinished } from 'vitest';
import { ownModules } from '../../rolldown.config.ts';
import { createFolder } from './folder.ts';

const root = join(import.meta.dirname, '../..');

/** A program in JavaScript, in a folder of its own. */
export interface Compiled {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Makes JavaScript of a TypeScript program of the tests, with this package's modules in it, for a process of its own. */
export const compileProgram = async (program: URL): Promise<Compiled> => {
  const { path: folder, remove } = await createFolder();
  const path = join(folder, 'main.js');
  await writeFile(join(folder, 'package.json'), '{"type":"module","imports":{"#mqtt":"mqtt"}}');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await build({ ...ownModules, input: fileURLToPath(program), output: { file: path, codeSplitting: false } });
  return { path, remove };
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
