import type { AnyTransitionDefinition } from 'xstate';
import { declaredStates, declaredTransitions } from '../../../../app/testing/walk/chart.ts';
import { leavesIn, type Observation } from './drive.ts';
import { chainOf } from './situation.ts';
import type { MachineTable } from './table.ts';

/** Which states were entered and which transitions taken, over all paths. */
export const createReached = () => {
  const states = new Set<string>();
  const transitions = new Set<AnyTransitionDefinition>();
  return {
    note: (seen: Observation): void => {
      for (const transition of seen.transitions) transitions.add(transition);
      // Those that a step only passed, too.
      const passed = seen.transitions.flatMap(({ source, target = [] }) =>
        [source, ...target].map(({ path }) => path.join('.')),
      );
      for (const state of [...leavesIn(seen.snapshot), ...passed].flatMap(chainOf)) states.add(state);
    },
    of: (machine: MachineTable['machine']) => ({
      states: declaredStates(machine).length,
      transitions: declaredTransitions(machine).size,
      missedStates: declaredStates(machine).filter((state) => !states.has(state)),
      missedTransitions: [...declaredTransitions(machine)].flatMap(([transition, name]) =>
        transitions.has(transition) ? [] : [name],
      ),
    }),
  };
};
