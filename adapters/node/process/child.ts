import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ProcessError } from '../../../services/errors.ts';
import { supervisedFolderVariable, supervisorVariable } from './contract.ts';

/** How a unit's process ended. */
export interface UnitEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A unit that runs in a process of its own. */
export interface SupervisedUnit {
  readonly pid: number;
  readonly end: Promise<UnitEnd>;
  send(signal: NodeJS.Signals): void;
  /** Asks it to stop, and kills it after so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** What to start. */
export interface UnitProgram {
  /** The unit's program, and what it is called with. */
  readonly main: string;
  readonly args: readonly string[];
  /** The folder whose updates are carried on for the unit. */
  readonly folder: string;
}

const isScript = (main: string): boolean => /\.[cm]?[jt]s$/.test(main);

/**
 * Starts a unit's program: a script with this Node and its options, anything else as it is; never through a shell.
 *
 * @throws {ProcessError} `spawn`
 */
export const startUnit = async ({ main, args, folder }: UnitProgram): Promise<SupervisedUnit> => {
  const refused = (cause: unknown) =>
    new ProcessError('spawn', `${main} can't be started. Name the unit's program.`, { cause });
  await access(main).catch((cause: unknown) => {
    throw refused(cause);
  });
  const [program, given] = isScript(main)
    ? [process.execPath, [...process.execArgv, main, ...args]]
    : [main, [...args]];
  const child = spawn(program, given, {
    stdio: 'inherit',
    env: { ...process.env, [supervisorVariable]: String(process.pid), [supervisedFolderVariable]: folder },
  });
  const end = new Promise<UnitEnd>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(refused(cause)));
  });
  return {
    pid: child.pid as number,
    end,
    send: (signal) => void child.kill(signal),
    stop: async (graceMs) => {
      const waiting = new AbortController();
      child.kill('SIGTERM');
      const late = pause(graceMs, 'late', { signal: waiting.signal }).catch(() => 'ended');
      if ((await Promise.race([end, late])) === 'late') child.kill('SIGKILL');
      waiting.abort();
      await end;
    },
  };
};
