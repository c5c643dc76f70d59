import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { onTestFinished } from 'vitest';

const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** The command, compiled for processes of its own. */
export interface CompiledCommand {
  readonly folder: string;
  remove(): Promise<void>;
}

export const compileCommand = async (): Promise<CompiledCommand> => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-command-'));
  const entry = join(root, 'app/cli/instance.ts');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { emitSkipped } = ts
    .createProgram([entry], {
      outDir: folder,
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
  if (emitSkipped) throw new Error('the command can not be compiled');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
};

const program = (folder: string) =>
  `import { instanceCommand } from ${JSON.stringify(join(folder, 'app/cli/instance.js'))};
   process.exitCode = await instanceCommand(process.argv.slice(1)).catch((error) => {
     console.error(error.name, error.message);
     return 2;
   });`;

/** What `--json` prints. */
export interface Printed {
  readonly httpUrl: string;
  readonly apiUrl: string;
  readonly mqttUrl: string;
  readonly webSocketUrl: string;
  readonly domain: string;
  readonly operatorToken: string;
}

/** Runs the command; what still runs at the end of the test is killed. */
export const runCommand = ({ folder }: CompiledCommand, ...args: string[]) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(folder), '--', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, lines, errors, ended };
};
