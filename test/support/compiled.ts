import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ts from 'typescript';
import { onTestFinished } from 'vitest';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** A program in JavaScript, in a folder of its own. */
export interface Compiled {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Makes JavaScript of a TypeScript program of this project, and of all that it imports, for a process of its own. */
export const compiled = async (program: URL): Promise<Compiled> => {
  const entry = fileURLToPath(program);
  const outDir = await mkdtemp(join(tmpdir(), 'pepeunit-compiled-'));
  await writeFile(join(outDir, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(outDir, 'node_modules'));
  const result = ts
    .createProgram([entry], {
      outDir,
      rootDir: root,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: true,
      noCheck: true,
      noLib: true,
      types: [],
    })
    .emit();
  if (result.emitSkipped) throw new Error(`${entry} can't be compiled`);
  return {
    path: join(outDir, relative(root, entry)).replace(/\.ts$/, '.js'),
    remove: () => rm(outDir, { recursive: true, force: true }),
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
export const run = ({ path }: Compiled, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Running => {
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
