import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import { activeNodes, nameOf } from '../../../app/testing/walk/chart.ts';
import type { Coverage } from './coverage.ts';
import { explorerOf, type Path } from './explore.ts';
import type { MachineModel, Seen } from './model.ts';
import { createReached } from './tables/reached.ts';

const invokedBy = (nodes: readonly AnyStateNode[]): string[] =>
  nodes.flatMap((node) => node.invoke.map(({ id }) => id));

const activeIn = (snapshot: AnyMachineSnapshot): readonly AnyStateNode[] =>
  snapshot.status === 'active' ? activeNodes(snapshot) : [];

/** Nothing runs that no state invokes, and what the model says of the event and of each state holds. */
const check = ({ outcomes, invariants }: MachineModel, seen: Seen<unknown>): void => {
  const { snapshot } = seen;
  const invoked = invokedBy(activeIn(snapshot));
  const stray = seen.running.filter((id) => !invoked.includes(id));
  if (stray.length > 0) throw new Error(`nothing runs that no state invokes: ${stray.join(', ')}`);
  outcomes?.[seen.last.type]?.(seen);
  for (const node of activeNodes(snapshot)) invariants[nameOf(node)]?.(seen);
};

/** Walks every region of a machine's model, and checks each situation on the way. */
export const walk = (model: MachineModel): Coverage => {
  const { machine, explore } = explorerOf(model);
  const reached = createReached();
  const counts = { situations: 0, edges: 0, paths: 0, steps: 0 };
  const arrived = (path: Path, seen: Seen<unknown>): void => {
    try {
      check(model, seen);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const way = path.map(({ happening: { label } }) => label).join(' / ') || 'the start';
      throw new Error(`${machine.id}: after ${way}: ${why}`, { cause });
    }
  };
  for (const region of model.regions) {
    const { situations, edges, paths, steps } = explore(region, { arrived, observed: reached.note });
    counts.situations += situations;
    counts.edges += edges;
    counts.paths += paths.length;
    counts.steps += steps;
  }
  return { machine: machine.id, ...counts, ...reached.of(machine) };
};
