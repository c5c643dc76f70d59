import type { Life } from './life.ts';

/** A part of a unit's life, with a check of its effect. */
export interface Step {
  readonly name: string;
  /** Whether it needs units that the life made itself: those of others are neither updated nor deleted. */
  readonly needsOwn?: boolean;
  /** Acts as the operator, and waits for the effect. @returns What it saw. */
  act(life: Life): Promise<string>;
}

/** What became of a step. */
export interface Lived {
  readonly step: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What it saw, why it failed, or why it was left out. */
  readonly saw: string;
}

/** Takes a step. Never rejects. */
export const take = async ({ name: step, needsOwn = false, act }: Step, life: Life): Promise<Lived> => {
  if (needsOwn && life.units.get('writer')?.isOwn === false)
    return { step, outcome: 'skipped', saw: 'units that were given keep their versions' };
  try {
    return { step, outcome: 'ok', saw: await act(life) };
  } catch (thrown) {
    return { step, outcome: 'failed', saw: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};
