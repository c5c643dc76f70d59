import { describe, expect, test } from 'vitest';
import type { ProcessControl } from '../../services/process-control.ts';

/** How a program can be asked to restart. */
export type Restart = Parameters<ProcessControl['restart']>[0];

/** What became of a restart: the program runs anew, it left, or it runs on since the restart was refused. */
export type Outcome = 'startedAnew' | 'left' | 'refused';

/**
 * What every process control does.
 *
 * @param ask Asks for a restart in a program of its own. `hasReturned`: whether the promise was fulfilled, which it never may.
 */
export const processControlContract = (
  name: string,
  expected: Readonly<Record<Restart, Outcome>>,
  ask: (mode: Restart) => Promise<{ readonly outcome: Outcome; readonly hasReturned: boolean }>,
): void => {
  describe(`process control: ${name}`, () => {
    test.each(Object.entries(expected) as [Restart, Outcome][])('%s: %s, and never returns', async (mode, outcome) => {
      expect(await ask(mode)).toEqual({ outcome, hasReturned: false });
    });
  });
};
