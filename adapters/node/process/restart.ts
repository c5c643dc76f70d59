import { isMainThread } from 'node:worker_threads';
import { ProcessError } from '../../../services/errors.ts';
import type { ProcessControl } from '../../../services/process-control.ts';
import { ownArguments, startFolder, startSelfDetached } from './child.ts';
import {
  beganProxied,
  beganSupervisedIn,
  hangsSoFar,
  isProxied,
  isSupervised,
  proxyVariable,
  restartCode,
  watchParent,
} from './contract.ts';
import { startBeating } from './heartbeat.ts';
import { becomeProxy } from './proxy.ts';

/** Replaces this process by another program, like execve(2); returns only by throwing. */
export type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => void;

/** Options of the process control. */
export interface ProcessControlOptions {
  /** The unit's folder; a supervisor that resumes updates of another folder does not count. */
  readonly folder: string;
  /** `null` if not available. @defaultValue Node's own, from 22.15 and 23.11 on, except on Windows */
  readonly execve?: Execve | null;
}

const hostExecve = (): Execve | null => {
  const { execve } = process as { execve?: Execve };
  return execve && process.platform !== 'win32' ? execve.bind(process) : null;
};

const replaceProcess = (execve: Execve): void => {
  const here = startFolder() === undefined ? undefined : process.cwd();
  try {
    process.chdir(startFolder() ?? '.');
    execve(process.execPath, [process.execPath, ...ownArguments()], process.env);
  } catch (cause) {
    if (here !== undefined) process.chdir(here);
    throw new ProcessError('spawn', `This process can't be replaced by a new one. Restart the program by hand.`, {
      cause,
    });
  }
};

const startDetached = (): Promise<void> => {
  const { [proxyVariable]: _, ...environment } = process.env;
  return startSelfDetached(environment);
};

const noop = (): void => undefined;

const refuseInWorker = (): void => {
  if (isMainThread) return;
  throw new ProcessError(
    'unsupported',
    "A worker thread can't restart its program. Run the unit in the main thread; with restartMode no_restart or env_schema_only updates need no restart.",
  );
};

/**
 * Restarts this program: same executable, options, arguments and environment, never through a shell.
 *
 * - `restart_exec` keeps the process id: Node replaces the process where it can (`process.execve`); else the process
 *   stays as the proxy of a new one, see {@link becomeProxy} for what the app then has to close itself.
 * - `restart_popen` starts a new process that outlives this one, which leaves with code 0.
 * - `exit` leaves with code 0: have the service manager restart the program always, not only on failure.
 *
 * Under `pepeunit run` every mode exits with the restart code. Stop the unit first: exit handlers run, pending work is
 * dropped.
 */
export const nodeProcessControl = ({ folder, execve = hostExecve() }: ProcessControlOptions): ProcessControl => ({
  isSupervised: beganSupervisedIn(folder),
  watchSupervisor: (onGone) => (beganSupervisedIn(folder) || beganProxied() ? watchParent(onGone) : noop),
  beat: startBeating,
  hangs: hangsSoFar(),
  checkRestart: refuseInWorker,
  restart: async (mode, onReplaced = noop) => {
    if (isSupervised()) process.exit(restartCode);
    if (mode === 'exit') process.exit(0);
    if (mode === 'restart_popen') {
      await startDetached();
      process.exit(0);
    }
    if (isProxied()) process.exit(restartCode);
    if (execve) return replaceProcess(execve);
    await becomeProxy(onReplaced);
  },
});
