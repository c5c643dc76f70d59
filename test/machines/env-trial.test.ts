import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { settingsMachine, type SettingsFact } from '../../machines/settings.ts';
import type { RestoredEnv, UnitSettings } from '../../services/settings.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settings } from '../support/unit-world.ts';

const onTrial: UnitSettings = { ...settings, linkRevision: 2, isOnTrial: true };
const restored: RestoredEnv = { settings, names: ['PU_MQTT_HOST'] };

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<SettingsFact>();
  const steps = {
    load: gate<UnitSettings>(),
    refresh: gate<UnitSettings>(),
    askBroker: gate<boolean>(),
    restore: gate<RestoredEnv>(),
    confirm: gate<void>(),
  };
  const { load, refresh, askBroker, restore, confirm } = steps;
  const machine = settingsMachine.provide({
    actors: {
      load: load.logic,
      refresh: refresh.logic,
      askBroker: askBroker.logic,
      restore: restore.logic,
      confirm: confirm.logic,
    },
  });
  const actor = createActor(machine, { clock, input: { parent: parent.ref } }).start();
  const link = (...denied: string[]) => actor.send({ type: 'broker.up', denied });
  const unlink = () => actor.send({ type: 'broker.down' });
  return { actor, clock, parent, ...steps, link, unlink, state: () => actor.getSnapshot() };
};

/** One whose new env is in force, and whose link of the env before has ended. */
const trying = async () => {
  const unit = start();
  unit.actor.send({ type: 'settings.load' });
  await unit.load.resolve(onTrial);
  expect(unit.state().value).toEqual({ trying: 'connecting' });
  return unit;
};

/** One whose new env brought no link in time. */
const judging = async () => {
  const unit = await trying();
  unit.clock.increment(120_000);
  expect(unit.state().value).toBe('judging');
  return unit;
};

const restoring = async () => {
  const unit = await judging();
  await unit.askBroker.resolve(true);
  expect(unit.state().value).toBe('restoring');
  return unit;
};

const confirming = async () => {
  const unit = await trying();
  unit.link();
  expect(unit.state().value).toBe('confirming');
  return unit;
};

describe('an env with another connection', () => {
  test.each(['load', 'refresh'] as const)('is in force at once after a %s, and on trial', async (request) => {
    const unit = start();
    unit.actor.send({ type: `settings.${request}` });
    await unit[request].resolve(onTrial);
    expect(unit.state().value).toEqual({ trying: 'connecting' });
    expect(unit.state().hasTag('ready')).toBe(true);
    expect(unit.state().context.settings).toEqual(onTrial);
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'settings.loaded', settings: onTrial });
  });

  test('waits for the link of the env before to end', async () => {
    const unit = start();
    unit.link();
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(onTrial);
    expect(unit.state().value).toEqual({ trying: 'leaving' });
    unit.unlink();
    expect(unit.state().value).toEqual({ trying: 'connecting' });
  });

  test('is confirmed by a link with its base topics', async () => {
    const unit = await trying();
    unit.link('one/input_base_topic');
    expect(unit.state().value).toEqual({ trying: 'connecting' });
    unit.link();
    expect(unit.state().value).toBe('confirming');
    expect(unit.state().context.settings).toEqual({ ...settings, linkRevision: 2 });
    await unit.confirm.resolve();
    expect(unit.state().value).toBe('ready');
  });

  test.each([
    ['is not to be written', (unit: ReturnType<typeof start>) => unit.confirm.reject(failing('io'))],
    ['does not end', async (unit: ReturnType<typeof start>) => unit.clock.increment(60_000)],
  ])('is confirmed as well where that %s', async (_, end) => {
    const unit = await confirming();
    await end(unit);
    expect(unit.state().value).toBe('ready');
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
    expect(unit.state().value, 'and the trial goes on').toEqual({ trying: 'connecting' });
  });

  test('goes on with its trial while a commanded refresh is tried again', async () => {
    const unit = await trying();
    unit.actor.send({ type: 'settings.pursue' });
    unit.actor.send({ type: 'settings.refresh' });
    await unit.refresh.reject(failing('network'));
    expect(unit.state().value).toEqual({ trying: 'connecting' });
    unit.clock.increment(120_000);
    expect(unit.state().value).toBe('judging');
  });
});

describe('an env that brings no link in two minutes', () => {
  test('is given up where the broker before is there', async () => {
    const unit = await trying();
    unit.clock.increment(119_999);
    expect(unit.state().value).toEqual({ trying: 'connecting' });
    unit.clock.increment(1);
    await unit.askBroker.resolve(true);
    await unit.restore.resolve(restored);
    expect(unit.state().value).toBe('ready');
    expect(unit.state().context.settings).toEqual(settings);
    expect(unit.parent.facts.slice(-2)).toEqual([
      { type: 'settings.restored', names: ['PU_MQTT_HOST'] },
      { type: 'settings.loaded', settings },
    ]);
  });

  test.each([
    ['the broker before is not there', (unit: ReturnType<typeof start>) => unit.askBroker.resolve(false)],
    ['that can not be asked', (unit: ReturnType<typeof start>) => unit.askBroker.reject(failing('io'))],
    ['that does not answer', async (unit: ReturnType<typeof start>) => unit.clock.increment(60_000)],
  ])('has two more where %s', async (_, end) => {
    const unit = await judging();
    await end(unit);
    expect(unit.state().value).toEqual({ trying: 'connecting' });
    unit.clock.increment(120_000);
    expect(unit.state().value).toBe('judging');
    expect(unit.restore.runs).toHaveLength(0);
  });

  test('is not given up when a link comes in the last moment', async () => {
    const unit = await judging();
    unit.link();
    await unit.askBroker.resolve(true);
    expect(unit.state().value).toBe('confirming');
  });

  test.each([
    ['denied by the instance', (unit: ReturnType<typeof start>) => unit.actor.send({ type: 'broker.denied' })],
    [
      'with denied base topics, and lost',
      (unit: ReturnType<typeof start>) => {
        unit.link('one/input_base_topic');
        unit.unlink();
      },
    ],
  ])('is not given up for a link %s: the broker is there', async (_, meddle) => {
    const unit = await judging();
    meddle(unit);
    await unit.askBroker.resolve(true);
    expect(unit.state().value).toEqual({ trying: 'connecting' });
  });

  test('counts what the link before was denied no longer', async () => {
    const unit = start();
    unit.link('one/input_base_topic');
    unit.unlink();
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(onTrial);
    unit.clock.increment(120_000);
    await unit.askBroker.resolve(true);
    expect(unit.state().value).toBe('restoring');
  });

  test('is judged by a link that is open with denied topics as it loads', async () => {
    const unit = start();
    unit.link('one/input_base_topic');
    unit.actor.send({ type: 'settings.load' });
    await unit.load.resolve(onTrial);
    expect(unit.state().context.isDenied).toBe(true);
  });
});

describe('an env before that can not be restored', () => {
  test.each([
    ['fails', 'io', (unit: ReturnType<typeof start>) => unit.restore.reject(failing('io'))],
    ['takes too long', 'timeout', async (unit: ReturnType<typeof start>) => unit.clock.increment(60_000)],
  ])('is told as that %s, and the trial goes on', async (_, code, end) => {
    const unit = await restoring();
    await end(unit);
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'settings.failed', during: 'restore', failure: { code } });
    expect(unit.state().value).toEqual({ trying: 'connecting' });
    expect(unit.state().context.settings).toEqual(onTrial);
  });
});

describe('a request during a trial', () => {
  test.each(['load', 'refresh'] as const)('comes at once while it waits for a link: a %s', async (request) => {
    const unit = await trying();
    unit.actor.send({ type: `settings.${request}` });
    expect(unit.state().value).toBe(`${request}ing`);
    await unit[request].reject(failing('malformed'));
    expect(unit.state().value, 'and the trial goes on').toEqual({ trying: 'connecting' });
  });

  test.each(['load', 'refresh'] as const)('waits for what is under way: a %s', async (request) => {
    const ends = {
      judging: [judging, (unit: ReturnType<typeof start>) => unit.askBroker.resolve(false)],
      restoring: [restoring, (unit: ReturnType<typeof start>) => unit.restore.reject(failing('io'))],
      confirming: [confirming, (unit: ReturnType<typeof start>) => unit.confirm.resolve()],
    } as const;
    for (const [place, [arrive, end]] of Object.entries(ends)) {
      const unit = await arrive();
      unit.actor.send({ type: `settings.${request}` });
      expect(unit.state().value).toBe(place);
      await end(unit);
      expect(unit.state().value, place).toBe(`${request}ing`);
      await unit[request].resolve(settings);
      expect(unit.state().value, 'once').toBe('ready');
    }
  });
});
