import { expect } from 'vitest';
import type { StateValue } from 'xstate';
import { explorerOf, type Path } from './explore.ts';
import { unitModel } from './unit.model.ts';

const ignore = () => undefined;

/** What a path says of the life cycle. */
export const lifecycleOf = (value: StateValue): StateValue => (value as { lifecycle: StateValue }).lifecycle;

/**
 * Paths through one region of the unit's model, such as `the life cycle`, for a unit that runs on real parts.
 *
 * @param isWithinReach Whether what has this label can be brought about there. @defaultValue all can
 */
export const unitPaths = (name: string, isWithinReach: (label: string) => boolean = () => true): readonly Path[] => {
  const region = unitModel.regions.find((one) => one.name === name);
  if (!region) throw new Error(`The unit's model has no region "${name}"`);
  const uses = (label: string) => (region.uses?.(label) ?? true) && isWithinReach(label);
  return explorerOf(unitModel).explore({ ...region, uses }, { arrived: ignore, observed: ignore }).paths;
};

/** A whole unit somewhere, on which a path of the model is run. */
export interface UnitDriver {
  /** Brings about what has this label, or waits for it where it comes by itself. */
  apply(label: string): Promise<void>;
  /** Resolves with the life cycle's state once it is this one, or with what it is when that takes too long. */
  lifecycle(expected: StateValue): Promise<StateValue>;
}

/** Runs one path on a whole unit; after each step the unit must be as far as the model says. */
export const runUnitPath = async (path: Path, driver: UnitDriver): Promise<void> => {
  const done: string[] = [];
  for (const { happening, value } of path) {
    done.push(happening.label);
    await driver.apply(happening.label);
    const lifecycle = lifecycleOf(value);
    expect(await driver.lifecycle(lifecycle), `after ${done.join(' / ')}`).toEqual(lifecycle);
  }
};
