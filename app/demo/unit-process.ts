import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import { ClientError } from '../../services/errors.ts';
import { thisPackage } from '../terminal/package.ts';

/** A unit and its supervisor, each in its own process. */
interface UnitProcess extends AsyncDisposable {
  /** Resolves with the reason when it ends by itself; never resolves once it is being stopped. */
  readonly ended: Promise<string>;
}

/** Receives a unit's output lines and its supervisor's events. */
interface Listener {
  onLine(line: string): void;
  onEvent(event: SupervisorEvent): void;
}

/** Time limit for a unit to stop before it is killed, milliseconds. */
const stopWithinMs = 6_000;
const maxErrorLines = 10;

const eachLine = (stream: Readable, onLine: (line: string) => void): void => {
  createInterface({ input: stream }).on('line', onLine);
};

/** Kills a process and all that it started. */
const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
};

const describeEnd = (code: number | null, signal: NodeJS.Signals | null, lines: readonly string[]): string => {
  const how = signal === null ? `with code ${code ?? '?'}` : `by ${signal}`;
  return [`it ended ${how}`, ...lines].join('\n');
};

/** Parses a supervisor's event; `undefined` for a line of the unit, which shares the stream. */
const eventOf = (line: string): SupervisorEvent | undefined => {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === 'object' && event !== null && 'type' in event ? (event as SupervisorEvent) : undefined;
  } catch {
    return undefined;
  }
};

/** Command line of the supervisor; two starts of a new version keep the demo short. */
const supervision = [join(thisPackage.folder, 'dist/app/cli/main.js'), 'run', '--json', '--trial-starts', '2'];

/**
 * Starts a supervisor of `main.js` in a unit's folder, in its own process group.
 *
 * It counts as ended when its output closes, so when neither the supervisor nor the unit runs any more.
 */
const startUnit = (folder: string, env: NodeJS.ProcessEnv, { onLine, onEvent }: Listener): UnitProcess => {
  const child = spawn(process.execPath, [...supervision, 'main.js'], {
    cwd: folder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killNow = () => killGroup(child);
  process.once('exit', killNow);
  const errors: string[] = [];
  eachLine(child.stdout, onLine);
  eachLine(child.stderr, (line) => {
    const event = eventOf(line);
    if (event) return onEvent(event);
    errors.push(line);
    if (errors.length > maxErrorLines) errors.shift();
  });
  let isStopping = false;
  const closed = once(child, 'close').then(
    ([code, signal]) => describeEnd(code, signal, errors),
    (error: Error) => `it could not be started: ${error.message}`,
  );
  const ended = closed.then((reason) => (isStopping ? new Promise<never>(() => undefined) : reason));
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      isStopping = true;
      const waiting = new AbortController();
      child.kill('SIGTERM');
      await Promise.race([closed, pause(stopWithinMs, undefined, { signal: waiting.signal }).catch(() => undefined)]);
      waiting.abort();
      killGroup(child);
      await closed;
      process.off('exit', killNow);
    },
  };
};

/** Name and folder of a unit to start. */
export interface Startable {
  readonly name: string;
  readonly folder: string;
}

/** Running units, each in its own process; disposing of them stops them all. */
export interface RunningUnits extends AsyncDisposable {
  /** Aborts when a unit ends by itself; the reason is a {@link ClientError} `stopped`. */
  readonly crashed: AbortSignal;
}

/** Receives the units' output lines and their supervisors' events. */
export interface UnitsListener {
  onLine(name: string, line: string): void;
  onEvent(name: string, event: SupervisorEvent): void;
}

/** Starts units, each under a supervisor. @param env Variables of their environment besides this process's. */
export const startUnits = (
  units: readonly Startable[],
  { onLine, onEvent }: UnitsListener,
  env: Readonly<Record<string, string>> = {},
): RunningUnits => {
  const crash = new AbortController();
  const processes = units.map(({ name, folder }) => {
    const unit = startUnit(folder, env, {
      onLine: (line) => onLine(name, line),
      onEvent: (event) => onEvent(name, event),
    });
    const abort = (reason: string) => crash.abort(new ClientError('stopped', `The ${name} has stopped: ${reason}`));
    void unit.ended.then(abort);
    return unit;
  });
  return {
    crashed: crash.signal,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(processes.map((unit) => unit[Symbol.asyncDispose]()));
    },
  };
};
