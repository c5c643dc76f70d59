import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { connecting, trialOf, trying, type Unit } from './under-test.ts';

describe('an env with another address of the instance', () => {
  const otherInstance = trialOf({ isBrokerNew: false, isInstanceNew: true });
  const asking = { trying: { way: 'asking', time: 'running' } };
  const unanswered = { trying: { way: 'unanswered', time: 'running' } };

  test('is confirmed by an answer from there, whatever the link', async () => {
    const unit = await trying(otherInstance);
    expect(unit.trial()).toEqual(asking);
    await unit.askInstance.resolve();
    expect(unit.trial()).toBe('confirming');
  });

  test('has to bring a link as well where the broker is another one', async () => {
    const unit = await trying(trialOf({ isInstanceNew: true }));
    expect(unit.trial()).toEqual(connecting);
    unit.link();
    expect(unit.trial()).toEqual(asking);
    unit.unlink();
    expect(unit.trial()).toEqual(connecting);
    unit.link();
    await unit.askInstance.reject(failing('network'));
    unit.unlink();
    expect(unit.trial()).toEqual(connecting);
  });

  test.each([
    ['fails', (unit: Unit) => unit.askInstance.reject(failing('status'))],
    ['takes a minute', async (unit: Unit) => unit.pass(60_000)],
  ])('is asked again when that %s', async (_, end) => {
    const unit = await trying(otherInstance);
    await end(unit);
    expect(unit.trial()).toEqual(unanswered);
    unit.pass(30_000);
    expect(unit.trial()).toEqual(asking);
    expect(unit.askInstance.runs).toHaveLength(2);
  });

  const comparing = async () => {
    const unit = await trying(otherInstance);
    await unit.askInstance.reject(failing('network'));
    unit.pass(120_000);
    expect(unit.trial()).toMatchObject({ trying: { time: 'comparing' } });
    return unit;
  };

  test('is given up where the instance answers at the address before alone', async () => {
    const unit = await comparing();
    await unit.compareInstances.resolve(true);
    expect(unit.trial()).toBe('restoring');
  });

  test.each([
    ['answers at both or at none', (unit: Unit) => unit.compareInstances.resolve(false)],
    ['can not be asked', (unit: Unit) => unit.compareInstances.reject(failing('io'))],
    ['does not say', async (unit: Unit) => unit.pass(60_000)],
  ])('is in force on where the instance %s', async (_, end) => {
    const unit = await comparing();
    await end(unit);
    expect(unit.trial()).toMatchObject({ trying: { time: 'acquitted' } });
  });
});
