import { describe, expect, test } from 'vitest';
import { settings } from '../../support/unit-world.ts';
import { failing } from '../../support/actors.ts';
import { connecting, judged, judging, onTrial, trialOf, trying } from './under-test.ts';

describe('the time of a trial', () => {
  test('is charged a quarter at a time, each ahead', async () => {
    const unit = await trying();
    for (const spent of [1, 2, 3, 4]) {
      expect(unit.charge.last().input).toEqual({ revision: 2, spent });
      unit.pass(29_999);
      expect(unit.charge.runs).toHaveLength(spent);
      expect(unit.trial()).toEqual(connecting);
      unit.pass(1);
    }
    expect(unit.trial()).toEqual(judged);
    expect(unit.charge.runs).toHaveLength(4);
  });

  test('goes on where it can not be noted', async () => {
    const unit = await trying();
    await unit.charge.reject(failing('io'));
    unit.pass(120_000);
    expect(unit.trial()).toEqual(judged);
  });

  test.each([
    [1, 90_000],
    [3, 30_000],
    [4, 30_000],
    [5, 15_000],
    [6, 7_500],
    [60, 1],
  ])('goes on after a restart: with %i quarters charged it has %i ms', async (spent, ms) => {
    const unit = await trying(trialOf({ spent }));
    unit.pass(ms - 1);
    expect(unit.trial()).toEqual(connecting);
    unit.pass(1);
    expect(unit.trial()).toEqual(judged);
  });

  test('goes on during refreshes, and after those that bring the same connection', async () => {
    const unit = await trying();
    unit.pass(45_000);
    unit.actor.send({ type: 'settings.refresh' });
    unit.pass(30_000);
    await unit.refresh.resolve({ ...onTrial, maxLogLength: 7 });
    unit.actor.send({ type: 'settings.pursue' });
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.reject(failing('network'));
    expect(unit.state().value).toEqual({ document: 'waiting', trial: connecting });
    unit.pass(45_000);
    expect(unit.trial()).toEqual(judged);
  });

  test('begins anew with yet another connection', async () => {
    const unit = await judging();
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.resolve({ ...trialOf({ revision: 3 }), linkRevision: 3 });
    expect(unit.trial()).toEqual(connecting);
    expect(unit.charge.last().input).toEqual({ revision: 3, spent: 1 });
  });

  test('ends with an env that is not on trial', async () => {
    const unit = await judging();
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve({ ...settings, linkRevision: 3 });
    expect(unit.trial()).toBe('settled');
  });
});
