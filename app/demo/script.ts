import { failureOf } from '../../services/errors.ts';
import type { Narrator } from './narrator.ts';
import type { DemoContext, Step } from './context.ts';
import { linkUnits, setFan, syncLog, updateBadly, updateEnv, updateProgram } from './steps.ts';
import type { Recorder } from './summary.ts';
import { limitedSignal } from './waiting.ts';

const steps: readonly Step[] = [linkUnits, setFan, updateEnv, syncLog, updateProgram, updateBadly];

/** Time limit for the effect of one step, milliseconds. */
const effectWithinMs = 15_000;

/** One run of the script, with its printers and signals. */
export interface DemoRun {
  readonly context: DemoContext;
  readonly narrator: Narrator;
  readonly recorder: Recorder;
  /** Aborted when the run has to end. */
  readonly end: AbortSignal;
  /** Aborted when the user ends the run. */
  readonly interrupted: AbortSignal;
}

/** How a run ended: `finished` when every step had its effect, `failed` when one had not, or `interrupted` by the user. */
export type Ending = 'finished' | 'failed' | 'interrupted';

const runStep = async (step: Step, { context, narrator, recorder, end, interrupted }: DemoRun): Promise<Ending> => {
  using limit = limitedSignal([end], effectWithinMs, `no effect within ${effectWithinMs / 1000} s`);
  narrator.operator(step.says);
  try {
    narrator.effect(await step.act(context, limit.signal));
    if (step.command) recorder.note(step.command, 'ok');
    return 'finished';
  } catch (thrown) {
    if (interrupted.aborted) return 'interrupted';
    narrator.failure(failureOf(thrown).message);
    if (step.command) recorder.note(step.command, 'failed');
    return 'failed';
  }
};

/** Runs the steps in order, each after the effect of the previous one. A failed step does not end the run. */
export const runScript = async (run: DemoRun): Promise<Ending> => {
  const { end, interrupted } = run;
  let ending: Ending = 'finished';
  for (const step of steps) {
    if (interrupted.aborted) return ending === 'failed' ? 'failed' : 'interrupted';
    if (end.aborted) return 'failed';
    const outcome = await runStep(step, run);
    if (ending !== 'failed') ending = outcome;
  }
  return ending;
};
