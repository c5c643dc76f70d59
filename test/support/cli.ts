import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { resolve } from 'node:path';
import { recordShown } from './canary/record.ts';

const main = resolve(import.meta.dirname, '../../dist/app/cli/main.js');

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Words before the command, such as those that enter a namespace; the last program must become the command. */
  readonly within?: readonly string[];
  /** `'pipe'` for a program that is written to. @defaultValue `'ignore'` */
  readonly stdin?: 'pipe' | 'ignore';
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly child: ChildProcess;
  /** What was printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<CliResult>;
}

/** Starts a program whose output is kept, and recorded for the search for secrets. */
export const startProgram = (
  file: string,
  args: readonly string[],
  { stdin = 'ignore', ...options }: SpawnOptions & Pick<CliOptions, 'stdin'>,
): CliRun => {
  const child = spawn(file, args, { ...options, stdio: [stdin, 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended: new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code) => {
        recordShown('output', `${stdout}\n${stderr}`);
        done({ code, stdout, stderr });
      });
    }),
  };
};

/** Starts a program with this Node. */
export const startNode = (args: readonly string[], { cwd, env, within = [], stdin }: CliOptions = {}): CliRun => {
  const [file = process.execPath, ...rest] = [...within, process.execPath, ...args];
  return startProgram(file, rest, {
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
    ...(stdin && { stdin }),
  });
};

/** Starts the compiled `pepeunit` as a user would. */
export const startCli = (args: readonly string[], options?: CliOptions): CliRun => startNode([main, ...args], options);

/** Runs the compiled `pepeunit` to its end. */
export const runCli = (args: readonly string[], options?: CliOptions): Promise<CliResult> =>
  startCli(args, options).ended;
