import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate';
import { declaredStates, declaredTransitions } from './chart.ts';
import type { Edge, WalkReport } from './options.ts';

/** What was reached, and how. */
export interface Reached {
  readonly situations: number;
  readonly states: ReadonlySet<string>;
  /** The first path that took each transition. */
  readonly taken: ReadonlyMap<AnyTransitionDefinition, readonly string[]>;
  readonly unusedEvents: readonly string[];
}

const table = ({ machine, edges, missed, missedStates, situations }: Omit<WalkReport, 'toString'>): string =>
  [
    `${machine}: ${edges.length - missed.length} of ${edges.length} edges, ${situations} situations`,
    ...edges.map(({ name, isCovered }) => `  ${isCovered ? 'covered    ' : 'not covered'}  ${name}`),
    ...missedStates.map((name) => `  not entered  ${name}`),
  ].join('\n');

/** Compares what was reached with what the machine declares. */
export const reportOf = (
  machine: AnyStateMachine,
  { situations, states, taken, unusedEvents }: Reached,
): WalkReport => {
  const edges = [...declaredTransitions(machine)].map(([transition, name]): Edge => {
    const path = taken.get(transition);
    return { name, isCovered: path !== undefined, path };
  });
  const report = {
    machine: machine.id,
    situations,
    edges,
    missed: edges.flatMap(({ isCovered, name }) => (isCovered ? [] : [name])),
    missedStates: declaredStates(machine).filter((name) => !states.has(name)),
    unusedEvents,
  };
  return { ...report, toString: () => table(report) };
};
