import { describe, expect, test } from 'vitest';
import { settings } from '../../support/unit-world.ts';
import { atWork, topics, withRecorders, type RecordedUnit } from './under-test.ts';

const cycle = ({ state }: RecordedUnit) => state().value.mainCycle;

const leaving = async (unit: RecordedUnit) => {
  unit.sent({ type: 'unit.restart', mode: 'exit' });
  await unit.restart.awaitFiles.resolve();
};
const stay = async ({ restart, sent }: RecordedUnit) => {
  await restart.flush.resolve();
  sent({ type: 'mqtt.stopped' });
  await restart.releaseOutbox.resolve();
  await restart.handOver.reject(new Error('no memory'));
};

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
  const waiting = withRecorders();
  waiting.sent({ type: 'cycle.start' }, { type });
  expect(cycle(waiting)).toBe('off');
});

describe('a program that leaves', () => {
  test('has the calls ended, until it has to stay', async () => {
    const unit = atWork();
    unit.sent({ type: 'cycle.start' });
    await leaving(unit);
    expect([cycle(unit), unit.cycles]).toEqual([{ on: 'paused' }, ['begun', 'ended']]);
    await stay(unit);
    expect([cycle(unit), unit.cycles]).toEqual([{ on: 'turning' }, ['begun', 'ended', 'begun']]);
  });

  test('has them on while files move', () => {
    const unit = atWork();
    unit.sent({ type: 'cycle.start' }, { type: 'unit.restart', mode: 'exit' });
    expect([cycle(unit), unit.cycles]).toEqual([{ on: 'turning' }, ['begun']]);
  });

  test('begins none, though the documents come or the app asks for it', async () => {
    const unit = withRecorders();
    unit.sent({ type: 'cycle.start' });
    await leaving(unit);
    expect(cycle(unit)).toEqual({ on: 'paused' });
    unit.sent({ type: 'settings.loaded', settings }, { type: 'schema.loaded', topics });
    unit.sent({ type: 'cycle.stop' }, { type: 'cycle.start' });
    expect([cycle(unit), unit.cycles]).toEqual([{ on: 'paused' }, []]);
    await stay(unit);
    expect([cycle(unit), unit.cycles]).toEqual([{ on: 'turning' }, ['begun']]);
  });

  test.each(['cycle.stop', 'unit.stop'] as const)('has none called again after %s', async (type) => {
    const unit = atWork();
    unit.sent({ type: 'cycle.start' });
    await leaving(unit);
    unit.sent({ type });
    if (type === 'cycle.stop') await stay(unit);
    expect([cycle(unit), unit.program()]).toEqual(['off', 'running']);
  });
});

test('a cycle that can not begin is off, and told', () => {
  const unit = atWork();
  unit.cycleFails();
  unit.sent({ type: 'cycle.start' });
  expect(cycle(unit)).toBe('off');
  expect(unit.lines.at(-1)).toMatchObject({ level: 'Error', text: 'The main cycle failed and is off: no timer' });
  expect(unit.state().status).toBe('active');
});
