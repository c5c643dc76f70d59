import { spawn } from 'node:child_process';
import { ProcessError } from '../../../services/errors.ts';
import type { ProcessControl } from '../../../services/process-control.ts';
import { becomeRelay, isRelayed, ownArguments, ownEnvironment, started } from './relay.ts';
import { isSupervised, isSupervisedIn, restartCode, watchSupervisor } from './contract.ts';

/** Replaces this process by another program, as execve(2) does; returns only by throwing. */
export type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => void;

/** What process control may be given. */
export interface ProcessControlOptions {
  /** The unit's folder: a supervisor that carries on the updates of another one is none to the unit. */
  readonly folder: string;
  /** `null` where there is none. @defaultValue Node's own, from 22.15 and 23.11 on, except on Windows */
  readonly execve?: Execve | null;
}

const hostExecve = (): Execve | null => {
  const { execve } = process as { execve?: Execve };
  return execve && process.platform !== 'win32' ? execve.bind(process) : null;
};

const replaceProcess = (execve: Execve): void => {
  try {
    execve(process.execPath, [process.execPath, ...ownArguments()], process.env);
  } catch (cause) {
    throw new ProcessError('spawn', `This process can't be replaced by a new one. Restart the program by hand.`, {
      cause,
    });
  }
};

const startDetached = async (): Promise<void> => {
  const child = spawn(process.execPath, ownArguments(), { detached: true, stdio: 'inherit', env: ownEnvironment() });
  await started(child);
  child.unref();
};

/**
 * Restarts this program: same executable, options, arguments and environment, never through a shell.
 *
 * `restart_exec` keeps the process id: the process is replaced where Node can do that, and else stays as a relay of a new one, which
 * does nothing but pass on signals and the exit code. `restart_popen` starts a new process that outlives this one, which leaves with code 0.
 * `exit` leaves with code 0: have the supervisor restart the program always, not only on failure. Under `pepeunit run` each mode leaves
 * with the code that asks it for another start. Let the unit stop before; exit handlers run, nothing is waited for.
 */
export const nodeProcessControl = ({ folder, execve = hostExecve() }: ProcessControlOptions): ProcessControl => ({
  isSupervised: isSupervisedIn(folder),
  watchSupervisor,
  restart: async (mode) => {
    if (isSupervised()) process.exit(restartCode);
    if (mode === 'exit') process.exit(0);
    if (mode === 'restart_popen') {
      await startDetached();
      process.exit(0);
    }
    if (isRelayed()) process.exit(restartCode);
    if (execve) return replaceProcess(execve);
    await becomeRelay();
  },
});
