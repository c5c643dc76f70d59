/** Data whose shape is the table's own affair. */
export type Context = Readonly<Record<string, unknown>>;

/** What runs since a state was entered. */
interface Running {
  readonly state: string;
  /** Whether that was in this step. */
  readonly isNew: boolean;
}

/** A timer that runs: its state, its delay, and its length in milliseconds. */
export interface RunningTimer extends Running {
  readonly delay: string;
  readonly ms: number;
}

/** An actor that runs: the state that invoked it, its id, and what it was given. */
export interface RunningActor extends Running {
  readonly id: string;
  readonly input: unknown;
}

/** All that can be known of a machine from outside. */
export interface Situation {
  /** Its states without states below them; one for each region. */
  readonly leaves: readonly string[];
  readonly context: Context;
  readonly actors: readonly RunningActor[];
  readonly timers: readonly RunningTimer[];
}

/** The same, a step later. */
export const later = (situation: Situation): Situation => ({
  ...situation,
  actors: situation.actors.map((actor) => ({ ...actor, isNew: false })),
  timers: situation.timers.map((timer) => ({ ...timer, isNew: false })),
});

/** A state and those that it lies in, the outermost first. */
export const chainOf = (path: string): string[] => {
  const steps = path.split('.');
  return steps.map((_, at) => steps.slice(0, at + 1).join('.'));
};
