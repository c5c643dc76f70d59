import type { AnyActorRef } from 'xstate';
import type { OfUnit } from './finder.ts';

/** What a machine hands to an actor that holds something for as long as the machine wants it. */
export interface OfMachine extends OfUnit {
  /** The machine, whose failure ends the actor's work. */
  readonly owner?: { readonly actor: AnyActorRef } | undefined;
}

/** The cleanup of an actor that ends its work also when its machine fails: XState runs no cleanup of that one's children. */
export const endingWithOwner = ({ owner }: OfMachine, end: () => void): (() => void) => {
  const watch = owner?.actor.subscribe({ error: end });
  return () => {
    watch?.unsubscribe();
    end();
  };
};
