import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { createSerialQueue } from '../../../adapters/shared/serialize.ts';
import { failureOf } from '../../../services/errors.ts';
import type { Instance } from '../../instance/index.ts';
import { rehearse, type Outcome } from './rehearsal.ts';
import { runUnit, type Running } from './runner.ts';
import type { DevUnit } from './unit.ts';
import { exampleNames } from './watch.ts';

/** What a session of `pepeunit dev` works with. */
export interface SessionOptions {
  readonly instance: Instance;
  readonly unit: DevUnit;
  readonly main: string;
  readonly folder: string;
  readonly inspectorUrl: string | undefined;
  readonly onEvent: (event: SupervisorEvent) => void;
  /** Takes one line about what goes on. */
  readonly say: (line: string) => void;
  readonly stopped: AbortSignal;
}

/** The unit at work; what changes it happens one after the other. */
export interface Session {
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Takes over changed files. */
  change(paths: readonly string[]): Promise<void>;
  update(): Promise<void>;
  stop(): Promise<void>;
}

const short = (commit: string): string => commit.slice(0, 8);

const ends: Readonly<Record<Exclude<Outcome['type'], 'rolledBack'>, string>> = {
  confirmed: 'works: the update is confirmed',
  stopped: 'was not tried to the end',
  notTaken: 'was not taken by the unit; its log says why',
};

/** Says how a unit has ended, unless it was stopped. */
const tellEnd = async ({ ended }: Running, isAtWork: () => boolean, say: (line: string) => void): Promise<void> => {
  try {
    await ended;
    if (isAtWork()) say('the unit has ended; it starts again when a file changes, or by restart');
  } catch (thrown) {
    say(failureOf(thrown).message);
  }
};

export const createSession = (options: SessionOptions): Session => {
  const { unit, main, folder, say, stopped } = options;
  const inTurn = createSerialQueue();
  let running: Running | undefined;

  const start = async (): Promise<void> => {
    if (stopped.aborted) return;
    await unit.writeDocuments();
    const started = runUnit(main, folder, options);
    running = started;
    void tellEnd(started, () => running === started, say);
  };
  const stop = async (): Promise<void> => {
    const ending = running;
    running = undefined;
    // Why it has ended was said when it did.
    await ending?.stop().catch(() => undefined);
  };
  const adopt = async (): Promise<void> => {
    const commit = await unit.addVersion();
    if (commit !== unit.version()) await unit.target(commit);
  };
  const tryUpdate = async (): Promise<void> => {
    const from = unit.version();
    const to = await unit.addVersion();
    if (from === to) {
      say(`the folder is version ${short(from)} already: change a file, then update`);
      return;
    }
    await stop();
    say(`trying the update from ${short(from)} to ${short(to)}, in .pepeunit/dev/update`);
    const outcome = await rehearse(options, to);
    if (outcome.type === 'rolledBack') say(`version ${short(to)} was rolled back to ${short(from)}: ${outcome.reason}`);
    else say(`version ${short(to)} ${ends[outcome.type]}`);
    if (outcome.type !== 'confirmed') await unit.target(from);
    await start();
  };
  return {
    start: () =>
      inTurn(async () => {
        await adopt();
        await start();
      }),
    restart: () =>
      inTurn(async () => {
        await stop();
        await start();
      }),
    change: (paths) =>
      inTurn(async () => {
        say(`${paths.join(', ')} changed: starting the program again`);
        await stop();
        if (paths.some((path) => exampleNames.includes(path))) await adopt();
        await start();
      }),
    update: () => inTurn(tryUpdate),
    stop: () => inTurn(stop),
  };
};
