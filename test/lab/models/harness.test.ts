import { assign, emit, fromPromise, setup, type StateValue } from 'xstate';
import { describe, expect, test } from 'vitest';
import { defineModel, type MachineModel, type Seen } from './model.ts';
import { subjectOf } from './tables/drive.ts';
import { named } from './tables/happenings.ts';
import { lifecycleOf, runUnitPath, unitPaths } from './unit-paths.ts';
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
  test('names what no path reaches', () => {
    expect(walk(model())).toMatchObject({
      states: 4,
      transitions: 6,
      missedStates: ['hidden'],
      missedTransitions: ['on: lamp.smash -> hidden (2)'],
    });
  });

  test('tells the path that breaks an invariant', () => {
    const invariants = { off: ({ context }: { context: { fuse: number } }) => expect(context.fuse).toBe(1) };
    expect(() => walk(model({ invariants }))).toThrow(
      /^lamp: after lamp\.toggle \/ light done \/ .*: expected \+?0 to be 1/,
    );
  });

  test('tells the path to an event that does not do what it should', () => {
    const outcomes = { 'lamp.toggle': ({ before, context }: Seen<{ fuse: number }>) => expect(context).toBe(before) };
    const grows = lamp.provide({ actions: { burn: assign(({ context }) => ({ fuse: context.fuse })) } });
    expect(walk(model({ machine: grows, outcomes })).missedStates).toEqual(['hidden']);
    const wastes = { 'xstate.done.actor.light': outcomes['lamp.toggle'] };
    expect(() => walk(model({ machine: grows, outcomes: wastes }))).toThrow(
      'lamp: after lamp.toggle / light done: expected',
    );
  });

  test('tries each thing as if it were the first, in a run that goes on after what changed nothing', () => {
    const bell = setup({
      types: { events: {} as { type: 'bell.ring' } | { type: 'bell.dust' }, emitted: {} as { type: 'rang' } },
    }).createMachine({
      id: 'bell',
      initial: 'still',
      states: { still: { on: { 'bell.ring': { actions: emit({ type: 'rang' }) }, 'bell.dust': { reenter: true } } } },
    });
    const heard: string[][] = [];
    const coverage = walk(
      defineModel<typeof bell>({
        machine: bell,
        events: [{ type: 'bell.ring' }, { type: 'bell.dust' }],
        regions: [{ name: 'all', key: () => 0 }],
        outcomes: {
          'bell.ring': ({ emitted }) => void heard.push(emitted.map(({ type }) => type)),
          'bell.dust': ({ emitted }) => void heard.push(emitted.map(({ type }) => type)),
        },
        invariants: {},
      }),
    );
    expect(heard).toEqual([['rang'], []]);
    expect(coverage).toMatchObject({ edges: 2, paths: 2, steps: 2, missedTransitions: [] });
  });

  test('refuses a region that begins with what never happens', () => {
    const regions = [{ name: 'nowhere', prelude: ['lamp.explode'], key: () => 0 }];
    expect(() => walk(model({ regions }))).toThrow('begins with "lamp.explode", which never happens');
  });
});

describe('a path of the unit', () => {
  const paths = unitPaths('the life cycle');

  test('runs on anything that can be driven', async () => {
    const { start } = subjectOf(unitModel);
    for (const path of paths.slice(0, 50)) {
      const unit = start();
      const happenings = path.map(({ happening }) => happening);
      let { value }: { value: StateValue } = unit.first.snapshot;
      await runUnitPath(path, {
        apply: async (label) => {
          ({ value } = unit.apply(named(happenings, label)).snapshot);
        },
        lifecycle: async () => lifecycleOf(value),
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
      path.map(({ happening }) => happening.label),
    );
    expect(labels.filter((label) => label.includes('fail'))).toEqual([]);
    expect(labels).toContain('unit.stop');
  });
});
