import type { AnyActorRef } from 'xstate';

/**
 * What an actor of a machine's slot works with: the services themselves, or a function that finds them for the actor that
 * is started, so that one definition of a machine serves many units.
 *
 * @example
 * import { timeMachine } from 'pepeunit-client/machines';
 * import { readOffset, unitIdOf } from 'pepeunit-client/services';
 *
 * const sources = new Map([['kitchen', unit.world.clockSource]]);
 * const machine = timeMachine.provide({
 *   actors: { readOffset: readOffset((self) => sources.get(unitIdOf(self) ?? '') ?? unit.world.clockSource) },
 * });
 */
export type Found<T extends object> = T | ((self: AnyActorRef) => T);

/** What a machine hands to each actor that it starts. */
export interface OfUnit {
  /** Id of the unit that the machine belongs to; absent in a machine that runs by itself. */
  readonly unit?: string | undefined;
}

/** Finds what an actor works with. */
export const find = <T extends object>(given: Found<T>, self: AnyActorRef): T =>
  typeof given === 'function' ? (given as (self: AnyActorRef) => T)(self) : given;

/**
 * Reads the id of the unit that the actor in a machine's slot belongs to; `undefined` in a machine that runs by itself.
 *
 * @example
 * import { unitIdOf, type Found, type ClockSource } from 'pepeunit-client/services';
 *
 * const bySource = (sources: ReadonlyMap<string, ClockSource>, fallback: ClockSource): Found<ClockSource> =>
 *   (self) => sources.get(unitIdOf(self) ?? '') ?? fallback;
 */
export const unitIdOf = (self: AnyActorRef): string | undefined => {
  const { input } = self.getSnapshot() as { input?: OfUnit };
  return input?.unit;
};
