import { failureOf } from '../../services/errors.ts';
import type { Narrator } from './narrator.ts';
import type { Scene, Step } from './scene.ts';
import { linkUnits, setFan, syncLog, updateEnv } from './steps.ts';
import { updateBadly, updateProgram } from './update-steps.ts';
import type { Tally } from './tally.ts';
import { until } from './waiting.ts';

const steps: readonly Step[] = [linkUnits, setFan, updateEnv, syncLog, updateProgram, updateBadly];

/** How long an effect may take to show. */
const effectWithinMs = 15_000;

/** A scene, and who watches it. */
export interface Performance {
  readonly scene: Scene;
  readonly narrator: Narrator;
  readonly tally: Tally;
  /** Aborted when the play has to end. */
  readonly end: AbortSignal;
  /** Aborted when the play has to end because the user wants it. */
  readonly interrupted: AbortSignal;
}

/** How a play ended: each step had its effect, one had not, or the user had enough before the last. */
export type Ending = 'finished' | 'failed' | 'interrupted';

const perform = async (step: Step, { scene, narrator, tally, end, interrupted }: Performance): Promise<Ending> => {
  using limit = until([end], effectWithinMs, `no effect was seen within ${effectWithinMs / 1000} s`);
  narrator.operator(step.says);
  try {
    narrator.effect(await step.act(scene, limit.signal));
    if (step.command) tally.note(step.command, 'ok');
    return 'finished';
  } catch (thrown) {
    if (interrupted.aborted) return 'interrupted';
    narrator.failure(failureOf(thrown).message);
    if (step.command) tally.note(step.command, 'failed');
    return 'failed';
  }
};

/** Plays the script: each step waits for the effect of the one before; one that fails does not keep the others away. */
export const play = async (performance: Performance): Promise<Ending> => {
  const { end, interrupted } = performance;
  let ending: Ending = 'finished';
  for (const step of steps) {
    if (interrupted.aborted) return ending === 'failed' ? 'failed' : 'interrupted';
    if (end.aborted) return 'failed';
    const outcome = await perform(step, performance);
    if (ending !== 'failed') ending = outcome;
  }
  return ending;
};
