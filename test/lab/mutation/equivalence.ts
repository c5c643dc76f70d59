import type { Kind } from './mutant.ts';

/** Mutants that behave like their original, so that no test can tell them apart. */
export interface Equivalent {
  readonly file: string;
  readonly kind: Kind;
  /** Where it is: the end of the mutant's own `where`. @defaultValue anywhere in the file */
  readonly where?: string;
  /** How the text that was begins. @defaultValue whatever it was */
  readonly was?: string;
  /** The text in its place. @defaultValue each that there is */
  readonly becomes?: string;
  readonly reason: string;
}

export const sentAfter =
  'What an action sends goes out after the whole transition, and neither of these actions reads what another writes.';
export const apart = 'The actions write different parts of the context, and none reads what another writes.';
export const passedThrough = 'The state in its place is left at once, by the same guard, for the original target.';
export const neverRead = 'It is written before it is read.';
export const narrowing = 'The type asks for it; the other case does not come here.';
