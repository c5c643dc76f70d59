import { fromCallback, type EventObject } from 'xstate';
import { find, type Found, type OfUnit } from './finder.ts';

/** Calls of the app's output handler in a cycle. */
export interface MainCycle {
  /** Calls the handler again and again. @returns Ends the calls. */
  run(): () => void;
}

/**
 * Calls the app's output handler in a cycle, for the unit machine's `mainCycle`.
 *
 * @example
 * import { unitMachine } from 'pepeunit-client/machines';
 * import { runMainCycle } from 'pepeunit-client/services';
 *
 * const run = () => {
 *   const timer = setInterval(() => console.log('measure'), 1_000);
 *   return () => clearInterval(timer);
 * };
 * const machine = unitMachine.provide({ actors: { mainCycle: runMainCycle({ run }) } });
 */
export const runMainCycle = (given: Found<MainCycle>) =>
  fromCallback<EventObject, OfUnit>(({ self }) => find(given, self).run());
export type RunMainCycle = ReturnType<typeof runMainCycle>;
