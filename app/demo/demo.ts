import { failureOf } from '../../services/errors.ts';
import { aborted } from '../terminal/interruption.ts';
import type { Output } from '../terminal/output.ts';
import { startInstance } from '../instance/index.ts';
import { createUnits, type DemoContext, type DemoUnit } from './context.ts';
import { createNarrator } from './narrator.ts';
import { operatorApi } from './operator-api.ts';
import { runScript, type Ending, type DemoRun } from './script.ts';
import { inspectorVariable } from '../inspector/variable.ts';
import { openWorkspace } from './workspace.ts';
import { createRecorder, type Summary } from './summary.ts';
import { startUnits, type UnitsListener } from './unit-process.ts';
import { nextEvent, limitedSignal } from './waiting.ts';

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Stream for the printed lines. */
  readonly output: Output;
  /** Time to run, milliseconds; `undefined` runs until `interrupted`. */
  readonly durationMs: number | undefined;
  /** Newest version of MQTT that the instance speaks. */
  readonly protocol: 4 | 5;
  /** Aborted when the user ends the demo. */
  readonly interrupted: AbortSignal;
  /** Address of the inspector that shows the units. @defaultValue none */
  readonly inspectorUrl?: string | undefined;
}

/** Outcome of a demo. */
export interface DemoResult {
  readonly summary: Summary;
  readonly ending: Ending;
}

/** Resolves when each unit has reported for the first time. */
const firstReports = ({ instance: { events }, units }: DemoContext, signal: AbortSignal) => {
  const report = ({ uuid }: DemoUnit) =>
    nextEvent(events, 'state', ({ unit, outcome }) => unit === uuid && outcome === 'taken', signal);
  return Promise.all([report(units.fan), report(units.display)]);
};

const runWhenOnline = async (run: DemoRun): Promise<Ending> => {
  const { context, end, interrupted, narrator } = run;
  try {
    await firstReports(context, end);
  } catch (thrown) {
    if (interrupted.aborted) return 'interrupted';
    narrator.failure(`The units did not come online: ${failureOf(thrown).message}`);
    return 'failed';
  }
  return runScript(run);
};

/** Starts the units, runs the script, and stops the units at the end. */
const runUnits = async (given: DemoRun, { durationMs, inspectorUrl }: DemoOptions): Promise<DemoResult> => {
  const { context, narrator, recorder } = given;
  const env = inspectorUrl === undefined ? {} : { [inspectorVariable]: inspectorUrl };
  const listener: UnitsListener = {
    onLine: (name, line) => narrator.unitPrinted(name, line),
    onEvent: (name, event) => {
      recorder.countSupervised(event);
      narrator.supervised(name, event);
    },
  };
  await using units = startUnits([context.units.fan, context.units.display], listener, env);
  using over = limitedSignal([given.end, units.crashed], undefined, '');
  const ending = await runWhenOnline({ ...given, end: over.signal });
  if (ending === 'finished' && durationMs === undefined) {
    narrator.remark('The script is done. The units keep running until Ctrl-C.');
  }
  await aborted(over.signal);
  if (units.crashed.aborted) narrator.failure(failureOf(units.crashed.reason).message);
  return { summary: recorder.summary(), ending: units.crashed.aborted ? 'failed' : ending };
};

/**
 * Runs an instance, two units in their own processes, and the script; stops and removes everything at the end.
 *
 * @throws {InstanceError | ClientError} The instance or its units could not be set up.
 */
export const runDemo = async (options: DemoOptions): Promise<DemoResult> => {
  const { output, durationMs, protocol, interrupted, inspectorUrl } = options;
  const beganAt = performance.now();
  using end = limitedSignal([interrupted], durationMs, 'The time was up.');
  const narrator = createNarrator({ output, elapsedMs: () => performance.now() - beganAt });
  const recorder = createRecorder(2);
  await using workspace = await openWorkspace();
  const instance = await startInstance({ protocol });
  await using _ = { [Symbol.asyncDispose]: () => instance.stop() };
  const operator = operatorApi(instance);
  const context: DemoContext = { instance, operator, workspace, units: await createUnits(workspace, operator) };
  narrator.open(instance, context.units, inspectorUrl);
  instance.events.subscribe((event) => {
    recorder.count(event);
    narrator.happened(event);
  });
  const result = await runUnits({ context, narrator, recorder, end: end.signal, interrupted }, options);
  narrator.close(result.summary);
  return result;
};
