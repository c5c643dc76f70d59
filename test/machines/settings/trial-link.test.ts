import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { settings } from '../../support/unit-world.ts';
import {
  acquitted,
  confirmed,
  confirming,
  connecting,
  judged,
  judging,
  onTrial,
  restored,
  restoring,
  start,
  trialOf,
  trying,
  type Unit,
} from './under-test.ts';

describe('an env with another connection', () => {
  test.each(['load', 'refresh'] as const)('is in force at once after a %s, and on trial', async (request) => {
    const unit = start();
    unit.actor.send({ type: `settings.${request}` });
    await unit[request].resolve(onTrial);
    expect(unit.state().value).toEqual({ document: 'ready', trial: connecting });
    expect(unit.state().hasTag('ready')).toBe(true);
    expect(unit.state().context.settings).toEqual(onTrial);
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'settings.loaded', settings: onTrial });
  });

  test('is not confirmed by the link of the env before', async () => {
    const unit = start();
    unit.link();
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(settings);
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.resolve(onTrial);
    expect(unit.trial()).toEqual(connecting);
    unit.link();
    expect(unit.trial()).toBe('confirming');
  });

  test('is confirmed by a link with its base topics', async () => {
    const unit = await trying();
    unit.link('one/input_base_topic');
    expect(unit.trial()).toEqual(connecting);
    unit.link();
    expect(unit.trial()).toBe('confirming');
    expect(unit.confirm.last().input).toEqual({ revision: 2 });
    expect(unit.state().context.settings).toEqual(confirmed);
    await unit.confirm.resolve();
    expect(unit.trial()).toBe('settled');
  });

  test.each([
    ['is not to be written', (unit: Unit) => unit.confirm.reject(failing('io'))],
    ['does not end', async (unit: Unit) => unit.pass(60_000)],
  ])('is confirmed as well where that %s', async (_, end) => {
    const unit = await confirming();
    await end(unit);
    expect(unit.trial()).toBe('settled');
    expect(unit.parent.types()).not.toContain('settings.failed');
  });

  test('ends the command that brought it', async () => {
    const unit = start();
    unit.actor.send({ type: 'settings.pursue' });
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.resolve(onTrial);
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.reject(failing('network'));
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'settings.failed', during: 'refresh' });
    expect(unit.state().value, 'and the trial goes on').toEqual({ document: 'ready', trial: connecting });
  });
});

describe('an env that brings no link in two minutes', () => {
  test('is given up where the broker before is there', async () => {
    const unit = await restoring();
    expect(unit.restore.last().input).toEqual({ revision: 2 });
    await unit.restore.resolve(restored);
    const { givenUp: names, ...inForce } = restored;
    expect(unit.state().value).toEqual({ document: 'ready', trial: 'settled' });
    expect(unit.state().context.settings).toEqual(inForce);
    expect(unit.parent.facts.slice(-2)).toEqual([
      { type: 'settings.restored', names },
      { type: 'settings.loaded', settings: inForce },
    ]);
  });

  test.each([
    ['the broker before is not there', (unit: Unit) => unit.askBroker.resolve(false)],
    ['that can not be asked', (unit: Unit) => unit.askBroker.reject(failing('io'))],
    ['that does not answer', async (unit: Unit) => unit.pass(60_000)],
  ])('has two more where %s', async (_, end) => {
    const unit = await judging();
    await end(unit);
    expect(unit.trial()).toEqual(acquitted);
    unit.pass(119_999);
    expect(unit.trial()).toEqual(acquitted);
    unit.pass(1);
    expect(unit.trial()).toEqual(judged);
    expect(unit.restore.runs).toHaveLength(0);
  });

  test('is confirmed by a link in the last moment', async () => {
    const unit = await judging();
    unit.link();
    expect(unit.trial()).toBe('confirming');
  });

  test.each([
    ['denied by the instance', (unit: Unit) => unit.actor.send({ type: 'broker.denied' })],
    [
      'with denied base topics, and lost',
      (unit: Unit) => {
        unit.link('one/input_base_topic');
        unit.unlink();
      },
    ],
  ])('is not given up for a link %s: the broker is there', async (_, meddle) => {
    const unit = await judging();
    meddle(unit);
    await unit.askBroker.resolve(true);
    expect(unit.trial()).toEqual(acquitted);
  });

  test('counts what the link before was denied no longer', async () => {
    const unit = start();
    unit.link('one/input_base_topic');
    unit.unlink();
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(onTrial);
    unit.pass(120_000);
    await unit.askBroker.resolve(true);
    expect(unit.trial()).toBe('restoring');
  });

  test('is not given up for what the open link of the env before was denied', async () => {
    const unit = start();
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(settings);
    unit.link('one/input_base_topic');
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.resolve(onTrial);
    unit.unlink();
    unit.pass(120_000);
    await unit.askBroker.resolve(true);
    expect(unit.trial()).toBe('restoring');
  });

  test('is judged by a link that is open with denied topics as it loads', async () => {
    const unit = start();
    unit.link('one/input_base_topic');
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(onTrial);
    expect(unit.state().context.isDenied).toBe(true);
  });
});

const leave = (unit: Unit) => unit.actor.send({ type: 'broker.unwanted' });

describe('an app that leaves its broker during a trial', () => {
  const paused = { trying: { way: 'connecting', time: 'paused' } };

  test.each([
    ['runs', trying],
    ['is judged', judging],
  ])('stops the time of one that %s, and gives it all its time later', async (_, arrive) => {
    const unit = await arrive();
    leave(unit);
    expect(unit.trial()).toEqual(paused);
    unit.pass(600_000);
    expect(unit.trial()).toEqual(paused);
    unit.actor.send({ type: 'broker.wanted' });
    expect(unit.trial()).toEqual(acquitted);
    unit.pass(120_000);
    expect(unit.trial()).toEqual(judged);
  });

  test('stops the time of one that was acquitted', async () => {
    const unit = await judging();
    await unit.askBroker.resolve(false);
    leave(unit);
    expect(unit.trial()).toEqual(paused);
  });

  test('does not matter where the broker is no new one', async () => {
    const unit = await trying(trialOf({ isBrokerNew: false, isInstanceNew: true }));
    leave(unit);
    expect(unit.trial()).toEqual({ trying: { way: 'asking', time: 'running' } });
  });
});

describe('an env before that can not be restored', () => {
  test.each([
    ['fails', 'io', (unit: Unit) => unit.restore.reject(failing('io'))],
    ['takes too long', 'timeout', async (unit: Unit) => unit.pass(60_000)],
  ])('is told as that %s, and it is judged again later', async (_, code, end) => {
    const unit = await restoring();
    await end(unit);
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'settings.failed', during: 'restore', failure: { code } });
    expect(unit.trial()).toEqual(acquitted);
    expect(unit.state().context.settings).toEqual(onTrial);
    unit.pass(120_000);
    expect(unit.trial()).toEqual(judged);
  });

  test('matters no more once another env is in force', async () => {
    const unit = await restoring();
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.resolve({ ...trialOf({ revision: 3 }), linkRevision: 3 });
    expect(unit.trial()).toEqual(connecting);
  });
});

test.each(['load', 'refresh'] as const)('a %s comes at once, whatever a trial does meanwhile', async (request) => {
  for (const arrive of [trying, judging, restoring, confirming]) {
    const unit = await arrive();
    const before = unit.trial();
    unit.actor.send({ type: `settings.${request}` });
    expect(unit.state().value).toEqual({ document: `${request}ing`, trial: before });
    await unit[request].reject(failing('malformed'));
    expect(unit.state().value).toEqual({ document: 'ready', trial: before });
  }
});
