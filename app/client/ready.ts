import type { Clock } from '../../services/clock.ts';
import { waitWithin } from './api/wait-limit.ts';
import { waitForEvent } from './await-event.ts';
import { checkWait, type WaitOptions } from './options/options.ts';
import type { Root } from './root.ts';

/**
 * Creates the wait for a unit that uses REST alone: starts it, and resolves once its documents are loaded.
 *
 * @param start Starts the unit.
 */
export const createRestReady =
  ({ root, clock, start }: { root: Root; clock: Clock; start: () => void }) =>
  async (options: WaitOptions = {}): Promise<void> => {
    checkWait(options);
    await waitWithin(clock, options, async (signal) => {
      start();
      const now = root.actor.getSnapshot();
      if (now.matches({ lifecycle: { operating: 'restOnly' } })) return;
      await waitForEvent(root.actor, ['restOnly'], ['misconfigured'], { signal });
    });
  };
