import { expect, test } from 'vitest';
import { childNames } from '../../../machines/unit/context.ts';
import { withSystemIds } from '../../../machines/unit/system-ids.ts';
import { createUnit, createWorld, provideWorld } from '../../support/unit-world.ts';

const ofKitchen: typeof provideWorld = (it, log) => withSystemIds(provideWorld(it, log), 'kitchen.');

test('a unit with system ids has each child found in its actor system by the prefix and its name', () => {
  const { actor } = createUnit({}, createWorld(), ofKitchen);
  const { children } = actor.getSnapshot();
  for (const name of childNames) {
    expect(children[name], name).toBeDefined();
    expect(actor.system.get(`kitchen.${name}`), name).toBe(children[name]);
  }
});
