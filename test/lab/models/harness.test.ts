import { assign, fromPromise, setup, type StateValue } from 'xstate';
import { describe, expect, test } from 'vitest';
import { onFakes } from './driver.ts';
import { defineModel, type MachineModel } from './model.ts';
import { runUnitPath, unitPaths } from './unit-paths.ts';
import { unitModel } from './unit.model.ts';
import { walk } from './walk.ts';

const lamp = setup({
  types: { context: {} as { fuse: number }, events: {} as { type: 'lamp.toggle' } | { type: 'lamp.smash' } },
  actors: { light: fromPromise(() => Promise.resolve()) },
  actions: { burn: assign(({ context }) => ({ fuse: context.fuse - 1 })) },
  guards: { never: () => false },
  delays: { offAfter: 1000 },
}).createMachine({
  id: 'lamp',
  context: { fuse: 1 },
  initial: 'off',
  states: {
    off: { on: { 'lamp.toggle': 'on' } },
    on: {
      invoke: { id: 'light', src: 'light', onDone: { actions: 'burn' }, onError: 'broken' },
      on: { 'lamp.toggle': 'off', 'lamp.smash': { guard: 'never', target: 'hidden' } },
      after: { offAfter: 'off' },
    },
    broken: {},
    hidden: {},
  },
});

const model = (changes: Partial<MachineModel<typeof lamp>> = {}): MachineModel =>
  defineModel<typeof lamp>({
    machine: lamp,
    events: [{ type: 'lamp.toggle' }, { type: 'lamp.smash' }],
    regions: [{ name: 'all', key: ({ fuse }) => fuse > 0 }],
    invariants: {},
    ...changes,
  });

describe('the harness', () => {
  test('names what no path reaches', async () => {
    expect(await walk(model())).toMatchObject({
      states: 4,
      transitions: 6,
      missedStates: ['hidden'],
      missedTransitions: ['on: lamp.smash -> hidden (2)'],
    });
  });

  test('tells the path that breaks an invariant', async () => {
    const invariants = { off: ({ context }: { context: { fuse: number } }) => expect(context.fuse).toBe(1) };
    await expect(walk(model({ invariants }))).rejects.toThrow(
      /^lamp: after lamp\.toggle \/ light done \/ .*: expected \+?0 to be 1/,
    );
  });

  test('notices a machine that does not do what its model says', async () => {
    let burns = 0;
    const moody = lamp.provide({ actions: { burn: assign(() => ({ fuse: (burns += 1) })) } });
    await expect(walk(model({ machine: moody, regions: [{ name: 'all', key: () => 0 }] }))).rejects.toThrow(
      'is where the model says',
    );
  });

  test('refuses a region that begins with what can not happen', async () => {
    const regions = [{ name: 'nowhere', prelude: ['lamp.explode'], key: () => 0 }];
    await expect(walk(model({ regions }))).rejects.toThrow('Region "nowhere" begins with "lamp.explode"');
  });
});

describe('a path of the unit', () => {
  const paths = unitPaths('the life cycle');

  test('runs on anything that can be driven', async () => {
    const { start } = onFakes(unitModel);
    for (const path of paths.slice(0, 50)) {
      const unit = start();
      await runUnitPath(path, {
        apply: unit.apply,
        lifecycle: async () => (unit.snapshot().value as { lifecycle: StateValue }).lifecycle,
      });
      unit.stop();
    }
    expect(paths.length).toBeGreaterThan(50);
  });

  test('fails where the unit is not as far as the model', async () => {
    const [path = []] = paths.filter(({ length }) => length > 1);
    const stuck = { apply: async () => undefined, lifecycle: async () => 'idle' };
    await expect(runUnitPath(path, stuck)).rejects.toThrow('after unit.');
  });

  test('can be limited to what is within reach', () => {
    const labels = unitPaths('the life cycle', (label) => !label.includes('fail')).flatMap((path) =>
      path.map(({ stimulus }) => stimulus.label),
    );
    expect(labels.filter((label) => label.includes('fail'))).toEqual([]);
    expect(labels).toContain('unit.stop');
  });
});
