import { expect } from 'vitest';
import type { StateValue } from 'xstate';
import { onFakes } from './driver.ts';
import { explore, type Path } from './explore.ts';
import type { Stimulus } from './stimuli.ts';
import { unitModel } from './unit.model.ts';

/**
 * Paths through one region of the unit's model, such as `the life cycle`, for a unit that runs on real parts.
 *
 * @param isWithinReach Whether a stimulus of this label can be brought about there. @defaultValue all can
 */
export const unitPaths = (name: string, isWithinReach: (label: string) => boolean = () => true): readonly Path[] => {
  const region = unitModel.regions.find((one) => one.name === name);
  if (!region) throw new Error(`The unit's model has no region "${name}"`);
  const { machine, parent } = onFakes(unitModel);
  const uses = (label: string) => (region.uses?.(label) ?? true) && isWithinReach(label);
  return explore(unitModel, machine, { ...region, uses }, parent).paths;
};

/** A whole unit somewhere, on which a path of the model is run. */
export interface UnitDriver {
  /** Brings a stimulus about, or waits for it where it comes by itself. */
  apply(stimulus: Stimulus): Promise<void>;
  /** Resolves with the life cycle's state once it is this one, or with what it is when that takes too long. */
  lifecycle(expected: StateValue): Promise<StateValue>;
}

/** Runs one path on a whole unit; after each step the unit must be as far as the model says. */
export const runUnitPath = async (path: Path, driver: UnitDriver): Promise<void> => {
  const done: string[] = [];
  for (const { stimulus, expected } of path) {
    done.push(stimulus.label);
    await driver.apply(stimulus);
    const { lifecycle } = expected.value as { lifecycle: StateValue };
    expect(await driver.lifecycle(lifecycle), `after ${done.join(' / ')}`).toEqual(lifecycle);
  }
};
