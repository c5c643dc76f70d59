import type { Consequence } from './table.ts';

type Guard<TContext, TEvent> = (context: TContext, event: TEvent) => boolean;

/** Sides of a decision, of which the first counts whose guard holds. The last one needs none. */
export const sidesOf =
  <TContext, TEvent>() =>
  (
    ...sides: readonly (readonly [guard: Guard<TContext, TEvent>, consequence: Consequence<TContext>])[]
  ): Consequence<TContext>[] =>
    sides.map(([guard, consequence], at) => ({
      ...consequence,
      when: (context: TContext, event: TEvent) =>
        guard(context, event) && !sides.slice(0, at).some(([earlier]) => earlier(context, event)),
    }));

/** The side that is left. */
export const otherwise = (): boolean => true;
