import type { Consequence, Message } from './table.ts';

/** One effect of a line: what it tells, and what it leaves in the context. */
export type Effect<TContext, TEvent> = (
  context: TContext,
  event: TEvent,
) => { readonly told?: readonly Message[]; readonly context?: Partial<TContext> };

type Effected<TContext> = Required<Pick<Consequence<TContext>, 'told' | 'context'>>;

/** Makes the effects of a machine's lines. */
export const effectsOf = <TContext, TEvent>() => {
  type Given<TValue> = TValue | ((context: TContext, event: TEvent) => TValue);
  const valueOf = <TValue extends object>(given: Given<TValue>, context: TContext, event: TEvent): TValue =>
    typeof given === 'function' ? given(context, event) : given;
  return {
    /** Only the context changes. */
    keeps:
      (change: Given<Partial<TContext>>): Effect<TContext, TEvent> =>
      (context, event) => ({ context: valueOf(change, context, event) }),
    /** Only something is told. */
    tells:
      (message: Given<Message>): Effect<TContext, TEvent> =>
      (context, event) => ({ told: [valueOf(message, context, event)] }),
    /** Effects, one after the other. */
    of: (...effects: readonly Effect<TContext, TEvent>[]): Effected<TContext> => {
      const follow = (before: TContext, event: TEvent) => {
        let now = before;
        const told: Message[] = [];
        for (const effect of effects) {
          const { told: more = [], context = {} } = effect(now, event);
          told.push(...more);
          now = { ...now, ...context };
        }
        return { told, now };
      };
      return {
        told: (_, event: TEvent, before) => follow(before, event).told,
        context: (before, event: TEvent) => follow(before, event).now,
      };
    },
  };
};
