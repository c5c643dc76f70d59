import { spawn, type ChildProcess } from 'node:child_process';
import { ProcessError } from '../../../services/errors.ts';
import { quiesce } from './quiesce.ts';
import { endLike, isSentByTerminal, passedSignals } from './signals.ts';
import { restartCode } from './contract.ts';

/** Holds the process id of the relay, in the environment of the program that it started. */
const relayVariable = 'PEPEUNIT_RELAY';

/** Whether this process was started by a relay that is still its parent. */
export const isRelayed = (): boolean => process.env[relayVariable] === String(process.ppid);

/** This program's own command line, without the executable. */
export const ownArguments = (): string[] => [...process.execArgv, ...process.argv.slice(1)];

/** The environment for a program that has no relay. */
export const ownEnvironment = (): NodeJS.ProcessEnv => {
  const { [relayVariable]: _, ...environment } = process.env;
  return environment;
};

/** Resolves when a new process runs. @throws {ProcessError} `spawn` */
export const started = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new ProcessError('spawn', `${process.execPath} can't be started. Restart the program by hand.`, { cause }),
      ),
    );
  });

const startChild = (): ChildProcess =>
  spawn(process.execPath, ownArguments(), {
    stdio: 'inherit',
    env: { ...process.env, [relayVariable]: String(process.pid) },
  });

/** Keeps a new process from running until this one has let go of its ports and files, where there are such signals. */
const whileStopped = async (child: ChildProcess, task: () => Promise<void>): Promise<void> => {
  const canStop = process.platform !== 'win32';
  if (canStop) child.kill('SIGSTOP');
  try {
    await task();
  } finally {
    if (canStop) child.kill('SIGCONT');
  }
};

const ended = (child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));

/**
 * Starts this program in a new process and becomes its relay: everything else here ends, signals are passed on, the new
 * process's end becomes this one's, and when it asks to restart it is started again.
 *
 * So the process that a supervisor knows stays, and there are never more than two. Signals that a terminal
 * sends to both by itself are not passed on.
 *
 * @throws {ProcessError} `spawn` when the new process can't be started; this one then goes on as before.
 */
export const becomeRelay = async (): Promise<never> => {
  let child = startChild();
  let end = ended(child);
  await started(child);
  await whileStopped(child, quiesce);
  for (const signal of passedSignals) process.on(signal, () => void (isSentByTerminal(signal) || child.kill(signal)));
  for (;;) {
    const [code, signal] = await end;
    if (code !== restartCode) {
      endLike(code, signal);
      return new Promise<never>(() => undefined);
    }
    child = startChild();
    end = ended(child);
    await started(child).catch((error: ProcessError) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    });
  }
};
