import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { SerialQueue } from '../../../adapters/shared/serialize.ts';
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

/** Says how an update from one version to another has ended. */
const describeOutcome = (outcome: Outcome, from: string, to: string): string => {
  const version = `version ${short(to)}`;
  switch (outcome.type) {
    case 'confirmed':
      return `${version} works: the update is confirmed`;
    case 'rolledBack':
      return `${version} was rolled back to ${short(from)}: ${outcome.reason}`;
    case 'refused':
      return `${version} was refused by the unit: ${outcome.reason}`;
    case 'notTaken':
      return `${version} was not taken by the unit; its log says why`;
    case 'stopped':
      return `${version} was not tried to the end`;
  }
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

/** Holds the one that runs. */
const createHolder = (say: SessionOptions['say']) => {
  let running: Running | undefined;
  return {
    hold: (started: Running): void => {
      running = started;
      void tellEnd(started, () => running === started, say);
    },
    stop: async (): Promise<void> => {
      const ending = running;
      running = undefined;
      // Why it has ended was said when it did.
      await ending?.stop().catch(() => undefined);
    },
  };
};

export const createSession = (options: SessionOptions): Session => {
  const { unit, main, folder, say, stopped } = options;
  const turns = new SerialQueue();
  const { hold, stop } = createHolder(say);
  /** The version that failed last: the one before it runs until the folder is another, whenever its changes are told. */
  let failed: string | undefined;

  const start = async (): Promise<void> => {
    if (stopped.aborted) return;
    failed = undefined;
    await unit.writeDocuments();
    hold(runUnit(main, folder, options));
  };
  const adopt = async (): Promise<void> => {
    const commit = await unit.addVersion();
    if (commit !== unit.version()) await unit.target(commit);
  };
  const tryUpdate = async (): Promise<void> => {
    const from = unit.version();
    const to = await unit.addVersion();
    if (from === to) return say(`the folder is version ${short(from)} already: change a file, then update`);
    await stop();
    say(`trying the update from ${short(from)} to ${short(to)}, in .pepeunit/dev/update`);
    const { outcome, running: tried } = await rehearse(options, to);
    say(describeOutcome(outcome, from, to));
    if (outcome.type === 'confirmed') {
      await tried.stop();
      await start();
      return;
    }
    failed = to;
    hold(tried);
    await unit.target(from);
    if (outcome.type !== 'stopped') say(`version ${short(from)} runs on, until a file changes or you type restart`);
  };
  return {
    start: () =>
      turns.run(async () => {
        await adopt();
        await start();
      }),
    restart: () =>
      turns.run(async () => {
        await stop();
        await start();
      }),
    change: (paths) =>
      turns.run(async () => {
        if (failed !== undefined && (await unit.addVersion()) === failed) return;
        say(`${paths.join(', ')} changed: starting the program again`);
        await stop();
        if (paths.some((path) => exampleNames.includes(path))) await adopt();
        await start();
      }),
    update: () => turns.run(tryUpdate),
    stop: () => turns.run(stop),
  };
};
