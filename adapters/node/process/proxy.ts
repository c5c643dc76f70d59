import type { ProcessError } from '../../../services/errors.ts';
import { startSelf, type Child } from './child.ts';
import { heartbeatVariable, proxyVariable, restartCode } from './contract.ts';
import { endLike, passedSignals, passSignals } from './signals.ts';

const startSuccessor = (): Promise<Child> =>
  startSelf({ ...process.env, [proxyVariable]: String(process.pid), [heartbeatVariable]: '0' });

const noop = (): void => undefined;

/** Detaches the old program from the process, as far as documented APIs allow. */
const silenceProgram = (): void => {
  for (const event of ['exit', 'beforeExit', ...passedSignals]) process.removeAllListeners(event);
  // Errors that the old program still throws must not end its successor.
  process.removeAllListeners('uncaughtException').on('uncaughtException', noop);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', noop);
  process.stdin.removeAllListeners('data').removeAllListeners('readable').pause();
};

/** Starts the next successor; ends this process if that fails. */
const startNext = (): Promise<Child> =>
  startSuccessor().catch((error: ProcessError) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });

/**
 * Turns this process into the proxy of a successor: the same program in a child process. For a Node without
 * `process.execve`. The service manager keeps the process that it knows, and there are never more than two: a successor
 * restarts by leaving with {@link restartCode}, and the proxy starts the next one.
 *
 * The successor shares the standard streams. The proxy passes on all signals but those that a terminal sends to both,
 * and ends as its last successor ends, by exit code or signal. A successor notices a killed proxy by its parent
 * (`watchParent`).
 *
 * The old program stays in memory. Its handlers of signals, exits and standard input are removed. It must close its
 * timers, servers, sockets, workers and devices itself: a port left open is taken for the successor, and a
 * `process.exit` ends both.
 *
 * @param onReplaced Called when the first successor runs, to end the unit here.
 * @throws {ProcessError} `spawn` if the first successor can't be started; this program then goes on.
 */
export const becomeProxy = async (onReplaced: () => void): Promise<never> => {
  let successor = await startSuccessor();
  silenceProgram();
  const signals = passSignals();
  onReplaced();
  for (;;) {
    signals.passTo(successor);
    const { code, signal } = await successor.end;
    // A program that was asked to stop is not restarted.
    const isRestart = code === restartCode && !signals.stopped.aborted;
    if (!isRestart) {
      if (code === restartCode) endLike(null, signals.stopped.reason as NodeJS.Signals);
      else endLike(code, signal);
      return new Promise<never>(noop);
    }
    successor = await startNext();
  }
};
