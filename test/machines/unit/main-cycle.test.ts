import { expect, test } from 'vitest';
import { settings } from '../../support/unit-world.ts';
import { atWork, topics, withRecorders, type RecordedUnit } from './under-test.ts';

const cycle = ({ state }: RecordedUnit) => state().value.mainCycle;

test('the output handler is called once the app asks for it, and settings and schema are there', () => {
  const unit = withRecorders();
  unit.sent({ type: 'unit.start' }, { type: 'update.recovered' });
  expect(cycle(unit)).toBe('off');
  unit.sent({ type: 'cycle.start' });
  expect([cycle(unit), unit.cycles]).toEqual([{ on: 'waiting' }, []]);
  unit.sent({ type: 'settings.loaded', settings });
  expect(cycle(unit)).toEqual({ on: 'waiting' });
  unit.sent({ type: 'schema.loaded', topics });
  expect([cycle(unit), unit.cycles]).toEqual([{ on: 'turning' }, ['begun']]);
});

test.each(['cycle.stop', 'unit.stop'] as const)('%s ends the calls, whatever they wait for', (type) => {
  const turning = atWork();
  turning.sent({ type: 'cycle.start' }, { type });
  expect([cycle(turning), turning.cycles]).toEqual(['off', ['begun', 'ended']]);
  const paused = atWork();
  paused.sent({ type: 'cycle.start' }, { type: 'cycle.pause' }, { type }, { type: 'cycle.resume' });
  expect(cycle(paused)).toBe('off');
  const waiting = withRecorders();
  waiting.sent({ type: 'cycle.start' }, { type });
  expect(cycle(waiting)).toBe('off');
});

test('a pause ends the calls until it is over', () => {
  const unit = atWork();
  unit.sent({ type: 'cycle.start' }, { type: 'cycle.pause' });
  expect([cycle(unit), unit.cycles]).toEqual([{ on: 'paused' }, ['begun', 'ended']]);
  unit.sent({ type: 'cycle.resume' });
  expect([cycle(unit), unit.cycles]).toEqual([{ on: 'turning' }, ['begun', 'ended', 'begun']]);
});

test('a pause also holds while the documents come', () => {
  const unit = withRecorders();
  unit.sent({ type: 'cycle.start' }, { type: 'cycle.pause' }, { type: 'settings.loaded', settings });
  unit.sent({ type: 'schema.loaded', topics });
  expect([cycle(unit), unit.cycles]).toEqual([{ on: 'paused' }, []]);
});

test('a cycle that can not begin is off, and told', () => {
  const unit = atWork();
  unit.cycleFails();
  unit.sent({ type: 'cycle.start' });
  expect(cycle(unit)).toBe('off');
  expect(unit.lines.at(-1)).toMatchObject({ level: 'Error', text: 'The main cycle failed and is off: no timer' });
  expect(unit.state().status).toBe('active');
});
