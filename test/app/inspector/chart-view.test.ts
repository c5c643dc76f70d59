import { describe, expect, test } from 'vitest';
import { chartOf } from '../../../app/diagram/chart.ts';
import { ownMachines } from '../../../app/diagram/own.ts';
import { chartViewOf, leavesOf } from '../../../app/inspector/chart-view.ts';
import type { JsonValue } from '../../../services/json.ts';

const asSent = (config: unknown): JsonValue => JSON.parse(JSON.stringify(config)) as JsonValue;

const door = chartViewOf({
  id: 'door',
  initial: 'shut',
  on: { 'door.log': {} },
  states: {
    shut: { tags: ['ready'], initial: 'locked', states: { locked: { on: { 'door.unlock': '.' } }, free: {} } },
    open: { tags: 'busy', on: { 'door.shut': 'shut' } },
    jammed: { tags: ['faulty', 'busy'] },
    unmarked: {},
  },
});

const house = chartViewOf({
  id: 'house',
  type: 'parallel',
  states: {
    life: { initial: 'on', states: { on: { tags: ['ready'] } } },
    heat: { initial: 'off', states: { off: {}, failed: { tags: ['faulty'] } } },
  },
});

test.each([
  ['idle', ['idle']],
  [{ linked: { open: 'quiet' } }, ['linked.open.quiet']],
  [{ a: 'on', b: {}, c: { d: 'off' } }, ['a.on', 'b', 'c.d.off']],
  [{}, []],
])('the leaves of %j are %j', (value, leaves) => expect(leavesOf(value)).toEqual(leaves));

describe('a state value', () => {
  test.each([
    ['"open"', 'open', 'busy'],
    ['{"shut":"locked"}', 'shut.locked', 'ready'],
    ['"jammed"', 'jammed', 'faulty'],
    ['"unmarked"', 'unmarked', 'plain'],
    ['"from another version"', 'from another version', 'plain'],
    ['', '', 'plain'],
  ])('%s is called %j and is %s', (value, name, tag) => expect(door.valueOf(value)).toMatchObject({ name, tag }));

  test('has as active what is around it, and accepts what all of that accepts', () => {
    expect(door.valueOf('{"shut":"locked"}')).toMatchObject({
      active: ['shut.locked', 'shut'],
      leaves: ['shut.locked'],
      events: ['door.log', 'door.unlock'],
    });
  });

  test('of parallel regions is named after the first one, unless another one is faulty', () => {
    expect(house.valueOf('{"life":"on","heat":"off"}')).toMatchObject({ name: 'life.on', tag: 'ready' });
    expect(house.valueOf('{"life":"on","heat":"failed"}')).toMatchObject({
      name: 'life.on, heat.failed',
      tag: 'faulty',
    });
  });
});

test('a child that is off is named as people say it, wherever its region is', () => {
  const unit = chartViewOf(asSent(ownMachines.find(({ id }) => id === 'unit')?.config));
  const value = { lifecycle: { operating: 'offline' }, children: { kept: { settings: 'running', mqtt: 'failed' } } };
  expect(unit.valueOf(JSON.stringify(value))).toMatchObject({ name: 'operating.offline, mqtt.failed', tag: 'faulty' });
});

test.each(ownMachines)('$id has its place for every state and transition', ({ config }) => {
  expect(chartViewOf(asSent(config)).layout).toBeDefined();
});

test('a chart that has grown since its layout was made is drawn without it', () => {
  const config = asSent(ownMachines.find(({ id }) => id === 'time')?.config) as Record<string, JsonValue>;
  const states = { ...(config['states'] as Record<string, JsonValue>), unheardOf: {} };
  const view = chartViewOf({ ...config, states });
  expect(view.layout).toBeUndefined();
  expect(view.chart?.root.states.map(({ name }) => name)).toContain('unheardOf');
});

test('what is no config gives a view without chart', () => {
  expect(chartViewOf(undefined).chart).toBeUndefined();
  expect(chartViewOf('config').valueOf('"on"')).toMatchObject({ name: 'on', tag: 'plain', events: [] });
});

test('a state that is not called as its chart says does no harm', () => {
  expect(chartOf({ id: 'a', states: { constructor: {} } }).root.states).toHaveLength(1);
  expect(chartViewOf({ id: 'constructor', states: { toString: {} } }).valueOf('"toString"').name).toBe('toString');
});
