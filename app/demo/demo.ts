import { failureOf } from '../../services/errors.ts';
import type { Output } from '../cli/output.ts';
import { startInstance } from '../instance/index.ts';
import { engage, type Member } from './cast.ts';
import { createNarrator } from './narrator.ts';
import { operatorApi } from './operator-api.ts';
import type { Scene } from './scene.ts';
import { play, type Ending, type Performance } from './script.ts';
import { openStage } from './stage.ts';
import { createTally, type Summary } from './tally.ts';
import { startUnits } from './unit-process.ts';
import { heard, until } from './waiting.ts';

export interface DemoOptions {
  /** Where the story goes. */
  readonly output: Output;
  /** How long to run; without it, until interrupted. */
  readonly durationMs: number | undefined;
  /** Aborted when the user has had enough. */
  readonly interrupted: AbortSignal;
}

export interface DemoResult {
  readonly summary: Summary;
  readonly ending: Ending;
}

/** Resolves when each unit has reported for the first time. */
const firstReports = ({ instance: { events }, cast }: Scene, signal: AbortSignal) => {
  const report = ({ uuid }: Member) =>
    heard(events, 'state', ({ unit, outcome }) => unit === uuid && outcome === 'taken', signal);
  return Promise.all([report(cast.fan), report(cast.display)]);
};

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const rehearse = async (performance: Performance): Promise<Ending> => {
  const { scene, end, interrupted, narrator } = performance;
  try {
    await firstReports(scene, end);
  } catch (thrown) {
    if (interrupted.aborted) return 'interrupted';
    narrator.failure(`The units did not get online: ${failureOf(thrown).message}`);
    return 'failed';
  }
  return play(performance);
};

/** Starts the units, plays with them, and stops them when the time has come. */
const perform = async (given: Performance, durationMs: number | undefined): Promise<DemoResult> => {
  const { scene, narrator, tally } = given;
  await using units = startUnits([scene.cast.fan, scene.cast.display], {
    onLine: (name, line) => narrator.overhear(name, line),
    onEvent: (name, event) => {
      tally.hearSupervisor(event);
      narrator.watch(name, event);
    },
  });
  using over = until([given.end, units.crashed], undefined, '');
  const ending = await rehearse({ ...given, end: over.signal });
  if (ending === 'finished' && durationMs === undefined) {
    narrator.remark('That was all of the script. The units run on until Ctrl-C.');
  }
  await ended(over.signal);
  if (units.crashed.aborted) narrator.failure(failureOf(units.crashed.reason).message);
  return { summary: tally.summary(), ending: units.crashed.aborted ? 'failed' : ending };
};

/** Runs an instance and two units in processes of their own, plays the script with them, and leaves nothing behind. */
export const runDemo = async ({ output, durationMs, interrupted }: DemoOptions): Promise<DemoResult> => {
  const beganAt = performance.now();
  using end = until([interrupted], durationMs, 'The time was up.');
  const narrator = createNarrator({ output, elapsedMs: () => performance.now() - beganAt });
  const tally = createTally(2);
  await using stage = await openStage();
  const instance = await startInstance();
  await using _ = { [Symbol.asyncDispose]: () => instance.stop() };
  const operator = operatorApi(instance);
  const scene: Scene = { instance, operator, stage, cast: await engage(stage, operator) };
  narrator.open(instance, scene.cast);
  instance.events.subscribe((event) => {
    tally.hear(event);
    narrator.hear(event);
  });
  const result = await perform({ scene, narrator, tally, end: end.signal, interrupted }, durationMs);
  narrator.close(result.summary);
  return result;
};
