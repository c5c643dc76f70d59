/** What was walked of a machine, for people and for the last line of `npm run models`. */
export interface Coverage {
  readonly machine: string;
  readonly states: number;
  readonly transitions: number;
  readonly situations: number;
  readonly edges: number;
  readonly paths: number;
  readonly steps: number;
  /** States that no path entered. */
  readonly missedStates: readonly string[];
  /** Declared transitions that no path took. */
  readonly missedTransitions: readonly string[];
}
