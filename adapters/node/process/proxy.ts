import type { ProcessError } from '../../../services/errors.ts';
import { startSelf, type Child } from './child.ts';
import { proxyVariable, restartCode } from './contract.ts';
import { endLike, passedSignals, passSignals } from './signals.ts';

const startSuccessor = (): Promise<Child> => startSelf({ ...process.env, [proxyVariable]: String(process.pid) });

const noop = (): void => undefined;

/** Takes the process away from the old program, as far as documented means go. */
const silenceProgram = (): void => {
  for (const event of ['exit', 'beforeExit', ...passedSignals]) process.removeAllListeners(event);
  // What the old program still throws must not end its successor.
  process.removeAllListeners('uncaughtException').on('uncaughtException', noop);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', noop);
  process.stdin.removeAllListeners('data').removeAllListeners('readable').pause();
};

/** Starts a further successor, or ends this process when that fails. */
const startNext = (): Promise<Child> =>
  startSuccessor().catch((error: ProcessError) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });

/**
 * Starts this program in a child process, its successor, and stays before it as its proxy, for a Node without
 * `process.execve`. So the process that a service manager knows stays, and there are never more than two: a successor
 * that restarts leaves with {@link restartCode}, and the proxy starts the next one.
 *
 * The successor shares the standard streams. Signals are passed on, but those that a terminal sends to both; the end of
 * the last successor, a code or a signal, becomes the proxy's. A successor whose proxy is killed sees that by its parent
 * (`watchParent`).
 *
 * The old program stays in memory. Its handlers of signals, endings and standard input are removed, but its timers,
 * servers, sockets, workers and open devices are its own to close: a port that it still listens on is taken for the
 * successor, and a `process.exit` ends both.
 *
 * @param onReplaced Called when the first successor runs: the unit ends here.
 * @throws {ProcessError} `spawn` when the first successor can't be started; this program then goes on as before.
 */
export const becomeProxy = async (onReplaced: () => void): Promise<never> => {
  let successor = await startSuccessor();
  silenceProgram();
  const signals = passSignals();
  onReplaced();
  for (;;) {
    signals.passTo(successor);
    const { code, signal } = await successor.end;
    // What was asked to stop isn't started again.
    const isRestart = code === restartCode && !signals.stopped.aborted;
    if (!isRestart) {
      if (code === restartCode) endLike(null, signals.stopped.reason as NodeJS.Signals);
      else endLike(code, signal);
      return new Promise<never>(noop);
    }
    successor = await startNext();
  }
};
