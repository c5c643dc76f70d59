import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessError } from '../../../services/errors.ts';
import { codeOf } from '../fs/errors.ts';
import {
  afterHangVariable,
  hangsVariable,
  heartbeatVariable,
  pipeDescriptor,
  supervisedFolderVariable,
  supervisorVariable,
} from './contract.ts';

const workingDirectory = (): string | undefined => {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
};

/** Where this program was started, as far as is known: its relative paths are meant from there. */
const startedIn = workingDirectory();

/** The folder for a new start of this program; `undefined` for the current one, when the first is gone. */
export const startFolder = (): string | undefined =>
  startedIn !== undefined && existsSync(startedIn) ? startedIn : undefined;

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child of this process, with its terminal and streams. */
export interface Child {
  readonly pid: number;
  readonly end: Promise<ProcessEnd>;
  send(signal: NodeJS.Signals): void;
  /** Where a unit beats, if it was asked to. */
  readonly pipe: Readable;
}

/** A unit in a child process. */
export interface SupervisedUnit extends Child {
  /** Asks the unit to stop, and kills it after the grace period in milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** The program of a unit. */
export interface UnitProgram {
  /** Path of the program; its arguments are in `args`. */
  readonly main: string;
  readonly args: readonly string[];
  /** Folder in which the supervisor resumes updates for the unit. */
  readonly folder: string;
  /** Options of Node for a script. @defaultValue none but those of this process */
  readonly nodeOptions?: readonly string[];
  /** Variables of the environment besides this process's. @defaultValue none */
  readonly env?: Readonly<Record<string, string>>;
}

const unstartable = (file: string, advice: string, cause: unknown): ProcessError =>
  new ProcessError('spawn', `${file} can't be started (${codeOf(cause) ?? 'unexpected'}). ${advice}`, { cause });

const spawned = (child: ChildProcess, file: string, advice: string): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(unstartable(file, advice, cause)));
  });

const startChild = async (
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  advice: string,
): Promise<Child> => {
  const stdio: StdioOptions = ['inherit', 'inherit', 'inherit', 'pipe'];
  const child = spawn(file, args, { stdio, env, cwd: startFolder() });
  const end = new Promise<ProcessEnd>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await spawned(child, file, advice);
  return {
    pid: child.pid as number,
    end,
    send: (signal) => void child.kill(signal),
    pipe: child.stdio[pipeDescriptor] as Readable,
  };
};

/** This program's own command line, without the executable. */
export const ownArguments = (): string[] => [...process.execArgv, ...process.argv.slice(1)];

const byHand = 'Restart the program by hand.';

/** Starts this program in a child process. @throws {ProcessError} `spawn` */
export const startSelf = (env: NodeJS.ProcessEnv): Promise<Child> =>
  startChild(process.execPath, ownArguments(), env, byHand);

/** Starts this program in a detached process that outlives this one. @throws {ProcessError} `spawn` */
export const startSelfDetached = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const child = spawn(process.execPath, ownArguments(), {
    detached: true,
    stdio: 'inherit',
    env,
    cwd: startFolder(),
  });
  await spawned(child, process.execPath, byHand);
  child.unref();
};

/** Whether a program is a script of Node. */
export const isScript = (main: string): boolean => /\.[cm]?[jt]s$/.test(main);
const byName = "Name the unit's program.";

/** What a supervisor tells the unit that it starts. */
export interface UnitStart {
  /** Time between two beats, milliseconds; 0 for none. */
  readonly heartbeatMs: number;
  /** How often the unit's event loop has hung so far. */
  readonly hangs: number;
  /** Whether the start before ended so. */
  readonly isAfterHang: boolean;
}

const environmentOf = (
  { folder, env }: UnitProgram,
  { heartbeatMs, hangs, isAfterHang }: UnitStart,
): NodeJS.ProcessEnv => ({
  ...process.env,
  ...env,
  [supervisorVariable]: String(process.pid),
  [supervisedFolderVariable]: folder,
  [hangsVariable]: String(hangs),
  [heartbeatVariable]: String(heartbeatMs),
  [afterHangVariable]: isAfterHang ? '1' : undefined,
});

/**
 * Starts a unit's program without a shell: scripts with this Node and its options, others directly.
 *
 * @throws {ProcessError} `spawn`
 */
export const startUnit = async (program: UnitProgram, start: UnitStart): Promise<SupervisedUnit> => {
  const { main, args, nodeOptions = [] } = program;
  await access(main).catch((cause: unknown) => {
    throw unstartable(main, byName, cause);
  });
  const [file, given] = isScript(main)
    ? [process.execPath, [...process.execArgv, ...nodeOptions, main, ...args]]
    : [main, args];
  const child = await startChild(file, given, environmentOf(program, start), byName);
  return {
    ...child,
    stop: async (graceMs) => {
      const waiting = new AbortController();
      child.send('SIGTERM');
      const late = delay(graceMs, 'late', { signal: waiting.signal }).catch(() => 'ended');
      if ((await Promise.race([child.end, late])) === 'late') child.send('SIGKILL');
      waiting.abort();
      await child.end;
    },
  };
};
