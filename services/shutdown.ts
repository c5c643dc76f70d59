import { fromPromise } from 'xstate';
import { find, type Found } from './finder.ts';

/** What a unit holds beside its children, and lets go when it stops. */
export interface Holdings {
  /** Takes no more messages, and puts the log and the messages that wait away. */
  release(): Promise<void>;
}

/**
 * Lets go of what a unit holds beside its children, for the unit machine's `release` and `releaseOutbox`.
 *
 * @example
 * import { unitMachine } from 'pepeunit-client/machines';
 * import { releaseHoldings } from 'pepeunit-client/services';
 *
 * const release = releaseHoldings({ release: () => unit.world.console.flush() });
 * const machine = unitMachine.provide({ actors: { release } });
 */
export const releaseHoldings = (given: Found<Holdings>) => fromPromise<void>(({ self }) => find(given, self).release());
export type ReleaseHoldings = ReturnType<typeof releaseHoldings>;
