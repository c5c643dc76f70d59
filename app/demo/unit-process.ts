import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import { ClientError } from '../../services/errors.ts';
import { thisPackage } from '../terminal/package.ts';

/** A unit under a supervisor, both in processes of their own. */
interface UnitProcess extends AsyncDisposable {
  /** Why it ended by itself; pending for as long as it runs, and for ever once it is being stopped. */
  readonly ended: Promise<string>;
}

/** Hears what a unit prints, and what its supervisor does. */
interface Listener {
  onLine(line: string): void;
  onEvent(event: SupervisorEvent): void;
}

/** How long a unit may take to stop. */
const stopWithinMs = 6_000;
const keptLines = 10;

const eachLine = (stream: Readable, onLine: (line: string) => void): void => {
  createInterface({ input: stream }).on('line', onLine);
};

/** Ends a process and whatever it has started, at once. */
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

/** What a supervisor says of itself, among what its unit says. */
const eventOf = (line: string): SupervisorEvent | undefined => {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === 'object' && event !== null && 'type' in event ? (event as SupervisorEvent) : undefined;
  } catch {
    return undefined;
  }
};

/** Starts a new version twice before it is given up, so that one need not watch for long. */
const supervision = [join(thisPackage.folder, 'dist/app/cli/main.js'), 'run', '--json', '--trial-starts', '2'];

/**
 * Supervises `main.js` in a unit's folder, as the leader of a process group of its own.
 *
 * It has closed when nobody pollUntil its output any more: neither the supervisor nor a unit of its.
 */
const startUnit = (folder: string, { onLine, onEvent }: Listener): UnitProcess => {
  const child = spawn(process.execPath, [...supervision, 'main.js'], {
    cwd: folder,
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
    if (errors.length > keptLines) errors.shift();
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

/** What to start: a unit's name and the folder that it lives in. */
export interface Startable {
  readonly name: string;
  readonly folder: string;
}

/** Units that run, each in a process of its own; disposing of them stops them all. */
export interface RunningUnits extends AsyncDisposable {
  /** Aborted when a unit ends by itself, with an error that says why. */
  readonly crashed: AbortSignal;
}

/** Hears what the units print, and what their supervisors do. */
export interface UnitsListener {
  onLine(name: string, line: string): void;
  onEvent(name: string, event: SupervisorEvent): void;
}

/** Starts units, each under a supervisor. */
export const startUnits = (units: readonly Startable[], { onLine, onEvent }: UnitsListener): RunningUnits => {
  const crash = new AbortController();
  const processes = units.map(({ name, folder }) => {
    const unit = startUnit(folder, {
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
