import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import { expect } from 'vitest';
import { declaredStates, declaredTransitions, nameOf } from '../../../app/testing/walk/chart.ts';
import type { Coverage } from './coverage.ts';
import { onFakes, type Driver, type Taken } from './driver.ts';
import { explore, type Path } from './explore.ts';
import type { MachineModel, Seen } from './model.ts';

/** Data that two situations must share: all of the context but references to actors. */
const dataOf = ({ value, status, context }: AnyMachineSnapshot): string =>
  JSON.stringify({ value, status, context: { ...context, parent: undefined } });

const checkData = (actual: AnyMachineSnapshot, expected: AnyMachineSnapshot): void => {
  const [is, shouldBe] = [dataOf(actual), dataOf(expected)];
  if (is !== shouldBe) expect(JSON.parse(is), 'is where the model says').toEqual(JSON.parse(shouldBe));
};

const activeIn = ({ _nodes: nodes }: AnyMachineSnapshot): readonly AnyStateNode[] => nodes;

const invokedBy = (snapshot: AnyMachineSnapshot): string[] =>
  activeIn(snapshot).flatMap((node) => node.invoke.map(({ id }) => id));

const checkState = (model: MachineModel, seen: Seen<unknown>): void => {
  const { snapshot } = seen;
  const invoked = snapshot.status === 'active' ? invokedBy(snapshot) : [];
  expect(
    seen.running.filter((id) => !invoked.includes(id)),
    'nothing runs that no state invokes',
  ).toEqual([]);
  model.outcomes?.[seen.last.type]?.(seen);
  for (const node of activeIn(snapshot)) model.invariants[nameOf(node)]?.(seen);
};

/**
 * Runs one path on a driver and checks each situation on the way: the machine is where the model says, with the same
 * data, nothing runs that its states do not invoke, and the invariants of its states hold. A beginning that the path
 * shares with an earlier one of `checked` is run, but not checked again.
 */
const runPath = async (model: MachineModel, path: Path, driver: Driver, checked: Set<string>): Promise<void> => {
  const done: string[] = [];
  const isNew = () => {
    const before = checked.size;
    return checked.add(done.join(' / ')).size > before;
  };
  try {
    const first = driver.seen();
    if (isNew()) checkState(model, first);
    for (const { stimulus, expected } of path) {
      done.push(stimulus.label);
      await driver.apply(stimulus);
      const seen = driver.seen();
      if (!isNew()) continue;
      checkData(driver.snapshot(), expected);
      checkState(model, seen);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${model.machine.id}: after ${done.join(' / ') || 'the start'}: ${why}`, { cause });
  } finally {
    driver.stop();
  }
};

const coverageOf = (
  model: MachineModel,
  taken: Taken,
  walked: Pick<Coverage, 'situations' | 'edges' | 'paths' | 'steps'>,
  machine = model.machine,
): Coverage => {
  const states = declaredStates(machine);
  const transitions = declaredTransitions(machine);
  return {
    machine: machine.id,
    states: states.length,
    ...walked,
    transitions: transitions.size,
    missedStates: states.filter((state) => !taken.states.has(state)),
    missedTransitions: [...transitions]
      .filter(([transition]) => !taken.transitions.has(transition))
      .map(([, name]) => name),
  };
};

/** Walks every region of a machine's model and runs every path over fakes. */
export const walk = async (model: MachineModel): Promise<Coverage> => {
  const { machine, parent, taken, start } = onFakes(model);
  const walked = { situations: 0, edges: 0, paths: 0, steps: 0 };
  for (const region of model.regions) {
    const { situations, edges, paths } = explore(model, machine, region, parent);
    const checked = new Set<string>();
    for (const path of paths) await runPath(model, path, start(region.input), checked);
    walked.situations += situations;
    walked.edges += edges;
    walked.paths += paths.length;
    walked.steps += paths.reduce((steps, { length }) => steps + length, 0);
  }
  return coverageOf(model, taken, walked, machine);
};
