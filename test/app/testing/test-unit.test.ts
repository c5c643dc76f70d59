import { describe, expect, test } from 'vitest';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import type { UnitClient } from '../../../app/public.ts';

const schema = {
  input_base_topic: ['update/pepeunit', 'env_update/pepeunit', 'schema_update/pepeunit', 'log_sync/pepeunit'],
  output_base_topic: ['state/pepeunit', 'log/pepeunit'],
  input_topic: ['set_lamp/pepeunit'],
  output_topic: ['lamp/pepeunit'],
};

/** A lamp: obeys `set_lamp`, and blinks once a second while it is on. */
const lamp = (client: UnitClient<{ BLINK_MS: number }>) => {
  let isOn = false;
  let blinkedAt = 0;
  client.setMqttInputHandler(async (unit, message) => {
    const text = message.text();
    if (text !== 'on' && text !== 'off') {
      unit.logger.warning(`The lamp can't be set to "${text}"`);
      return;
    }
    isOn = text === 'on';
    blinkedAt = unit.timeManager.getEpochMs();
    await unit.publishToTopics('lamp/pepeunit', text);
  });
  client.setOutputHandler(async (unit) => {
    const now = unit.timeManager.getEpochMs();
    if (!isOn || now - blinkedAt < unit.settings.BLINK_MS) return;
    blinkedAt = now;
    await unit.publishToTopics('lamp/pepeunit', 'blink');
  });
};

const createLamp = (): TestUnit<{ BLINK_MS: number }> =>
  createTestUnit({ program: lamp, env: { BLINK_MS: 1000 }, schema });

describe('a test unit', () => {
  test('gets a message and publishes its answer', async () => {
    const unit = createLamp();
    await unit.start();
    await unit.receive('set_lamp/pepeunit', 'on');
    expect(unit.published('lamp/pepeunit')).toEqual(['on']);
    await unit.stop();
  });

  test('lives by the fake clock', async () => {
    const unit = createLamp();
    await unit.start();
    await unit.receive('set_lamp/pepeunit', 'on');
    await unit.advance(3_500);
    expect(unit.published('lamp/pepeunit')).toEqual(['on', 'blink', 'blink', 'blink']);
    await unit.stop();
    expect(unit.world.clock.pending).toBe(0);
  });

  test('obeys commands, and logs those that are bad', async () => {
    const unit = createLamp();
    await unit.start();
    unit.world.http.documents.env = { ...(unit.world.http.documents.env as object), BLINK_MS: 2000 };
    await unit.command('env_update');
    expect(unit.client.settings.BLINK_MS).toBe(2000);
    await unit.command('update', { PU_COMMIT_VERSION: '' });
    await unit.receive('set_lamp/pepeunit', 'purple');
    expect(unit.logged()).toEqual(
      expect.arrayContaining([
        expect.stringContaining('PU_COMMIT_VERSION names no version'),
        `The lamp can't be set to "purple"`,
      ]),
    );
    await unit.stop();
  });

  test('publishes after an outage what it published in it', async () => {
    const unit = createLamp();
    await unit.start();
    unit.partition();
    await unit.client.publishToTopics('lamp/pepeunit', 'while away');
    await unit.advance(60_000);
    expect(unit.published('lamp/pepeunit')).toEqual([]);
    unit.heal();
    await unit.until(() => unit.published('lamp/pepeunit').length > 0);
    expect(unit.published('lamp/pepeunit')).toEqual(['while away']);
    await unit.stop();
  });

  test('starts while its broker is away, and gets online when it is back', async () => {
    const unit = createLamp();
    unit.partition();
    await unit.start();
    expect(unit.isOnline()).toBe(false);
    unit.script({ 30_000: () => unit.heal() });
    await unit.advance(29_000);
    expect(unit.isOnline()).toBe(false);
    await unit.advance(60_000);
    expect(unit.isOnline()).toBe(true);
    await unit.stop();
  });

  test('reconnects after a cut', async () => {
    const unit = createLamp();
    await unit.start();
    unit.cut();
    await unit.settle();
    expect(unit.isOnline()).toBe(false);
    await unit.until(() => unit.isOnline());
    expect(unit.world.broker.connects).toHaveLength(2);
    await unit.stop();
  });

  test('is denied topics by their keys, or all of them', async () => {
    const unit = createLamp();
    await unit.start();
    unit.deny('lamp/pepeunit');
    const denied = await unit.client.mqttClient.publishDetailed('lamp/pepeunit', 'x', { qos: 1 }).catch(() => 'thrown');
    expect(denied).not.toBe('delivered');
    expect(unit.published('lamp/pepeunit')).toEqual([]);
    unit.allow();
    unit.deny();
    unit.cut();
    await unit.advance(60_000);
    expect(unit.client.metrics().denials).toBeGreaterThan(0);
    unit.allow();
    await unit.until(() => unit.isOnline());
    await unit.stop();
  });

  test('starts again with what it had stored, as its program does after a restart', async () => {
    const unit = createLamp();
    await unit.start();
    const { client } = unit;
    unit.partition();
    await client.publishToTopics('lamp/pepeunit', 'kept');
    await unit.restart();
    expect(unit.client).not.toBe(client);
    unit.heal();
    await unit.until(() => unit.published('lamp/pepeunit').includes('kept'));
    await unit.receive('set_lamp/pepeunit', 'off');
    expect(unit.published('lamp/pepeunit')).toEqual(['kept', 'off']);
    await unit.stop();
  });

  test('goes on from its files after a power cut, and nothing of the program before is left', async () => {
    const unit = createLamp();
    await unit.start();
    await unit.receive('set_lamp/pepeunit', 'on');
    unit.partition();
    await unit.client.publishToTopics('lamp/pepeunit', 'kept');
    void unit.client.publishToTopics('lamp/pepeunit', 'not yet written');
    unit.cutPower();
    expect(unit.world.clock.pending).toBe(0);
    await unit.advance(60_000);
    expect(unit.world.broker.connects).toHaveLength(1);
    await unit.start();
    unit.heal();
    await unit.until(() => unit.published('lamp/pepeunit').includes('kept'));
    await unit.advance(60_000);
    expect(
      unit.published('lamp/pepeunit').filter((text) => text === 'blink'),
      'the new program is off',
    ).toEqual([]);
    await unit.stop();
  });

  test('is taken over at the broker by the start after a power cut', async () => {
    const unit = createLamp();
    await unit.start();
    unit.cutPower();
    await unit.start();
    expect(unit.isOnline()).toBe(true);
    expect(unit.world.broker.openClients).toHaveLength(1);
    await unit.receive('set_lamp/pepeunit', 'off');
    expect(unit.published('lamp/pepeunit')).toEqual(['off']);
    await unit.stop();
  });

  test('fails over to another broker when it is parted from the first', async () => {
    const unit = createTestUnit({
      program: lamp,
      env: { BLINK_MS: 1000 },
      schema,
      mqtt: { brokers: ['mqtt://first.test', 'mqtt://second.test'] },
    });
    await unit.start();
    unit.partition('first.test');
    await unit.until(() => unit.isOnline());
    expect(unit.world.broker.connects.at(-1)?.url).toContain('second.test');
    await unit.stop();
  });

  test('reports its state to the instance', async () => {
    const unit = createLamp();
    await unit.start();
    await unit.until(() => unit.published('state/pepeunit').length > 0);
    expect(JSON.parse(unit.published('state/pepeunit')[0] ?? '')).toMatchObject({ pu_commit_version: 'first' });
    await unit.stop();
  });

  test('fails its start with what is wrong', async () => {
    const unit = createTestUnit({ env: { PU_AUTH_TOKEN: 'no token' } });
    await expect(unit.start()).rejects.toMatchObject({ name: 'SettingsError' });
    const thrown = new Error('no display');
    await expect(
      createTestUnit({
        program: () => {
          throw thrown;
        },
      }).start(),
    ).rejects.toBe(thrown);
  });

  test('names the keys that there are', async () => {
    const unit = createLamp();
    await unit.start();
    expect(() => unit.published('lmap/pepeunit')).toThrow('lamp/pepeunit');
    await expect(unit.receive('set_lmap/pepeunit', 'on')).rejects.toThrow('set_lamp/pepeunit');
    await unit.stop();
  });

  test('gives up to wait for what never comes true', async () => {
    const unit = createLamp();
    await unit.start();
    await expect(unit.until(() => false, 5_000)).rejects.toThrow('5000 ms');
    await unit.stop();
  });
});
