import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { memoryStorage, type MemoryStorage } from '../../../adapters/memory/storage.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import type { Storage } from '../../../services/storage.ts';
import {
  documentsOf,
  isOnline,
  isRestored,
  keptPath,
  later,
  pass,
  sent,
  tryWrong,
  unitWith,
  warnings,
} from '../../support/env-trial.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

test.each<[string, JsonObject]>([
  ['PU_MQTT_HOST', { PU_MQTT_HOST: 'wrong.test' }],
  ['PU_AUTH_TOKEN', { PU_AUTH_TOKEN: 'changed in the test' }],
])('an env with a %s that brings no link gives way to the one before, once and told (U23)', async (name, change) => {
  const before = unitWith();
  const { PU_AUTH_TOKEN: token = '' } = before.world.http.documents.env as Record<string, string>;
  const wrong = name === 'PU_AUTH_TOKEN' ? { PU_AUTH_TOKEN: `${token}.bad`.replace('.c2ln', '') } : change;
  const unit = await tryWrong(wrong);
  const old = JSON.parse(unit.world.storage.text('env.json') ?? '') as JsonObject;
  expect(old).toMatchObject(wrong);
  await later(unit, () => isRestored(unit) && isOnline(unit));
  const restored = JSON.parse(unit.world.storage.text('env.json') ?? '') as JsonObject;
  expect(restored).toMatchObject({ PU_MQTT_HOST: 'localhost', PU_AUTH_TOKEN: token });
  const text = warnings(unit).find((one) => one.startsWith('The env before')) ?? '';
  expect(text).toContain(name);
  expect(text).not.toContain(token);
  // The same env again, with other keys: refused, and the link stays.
  sent(unit, { PU_ENCRYPT_KEY: 'other', PU_STATE_SEND_INTERVAL: 77 });
  await expect(unit.client.downloadEnv()).rejects.toMatchObject({ name: 'SettingsError', code: 'failedBefore' });
  expect(isOnline(unit)).toBe(true);
  // A corrected one is taken, and the trial leaves nothing behind.
  unit.hosts.add('right.test');
  sent(unit, { PU_MQTT_HOST: 'right.test', PU_AUTH_TOKEN: token });
  await unit.client.downloadEnv();
  await later(unit, async () => isOnline(unit) && !(await unit.world.storage.exists(keptPath)));
  expect(unit.client.settings).toMatchObject({ PU_MQTT_HOST: 'right.test', PU_STATE_SEND_INTERVAL: 77 });
  await unit.client.stopMainCycle();
  await before.client.stopMainCycle();
});

test('the trial waits while the broker before is not there either (U23)', async () => {
  const unit = await tryWrong({ PU_MQTT_HOST: 'wrong.test' });
  unit.world.brokerProbe.isReachable = false;
  await later(unit, () => unit.world.brokerProbe.probed.length > 5);
  expect(unit.client.settings.PU_MQTT_HOST).toBe('wrong.test');
  unit.world.brokerProbe.isReachable = true;
  await later(unit, () => isRestored(unit));
  await unit.client.stopMainCycle();
});

test('a link whose base topics are denied says nothing about the env (U23)', async () => {
  const unit = unitWith(undefined, new Set(['localhost', 'other.test']));
  await unit.client.ready();
  await until(async () => unit.world.storage.exists('.pepeunit/link.json'));
  unit.links.deny(...Object.values(unit.client.schema.inputBaseTopic).flat());
  sent(unit, { PU_MQTT_HOST: 'other.test' });
  await unit.client.downloadEnv();
  let seconds = 0;
  await later(unit, () => (seconds += 1) > 400);
  expect(isRestored(unit)).toBe(false);
  expect(unit.client.settings.PU_MQTT_HOST).toBe('other.test');
  await unit.client.stopMainCycle();
});

test('an app that leaves its broker says nothing about the env (U23)', async () => {
  const unit = await tryWrong({ PU_MQTT_HOST: 'right.test' });
  await unit.client.mqttClient.disconnect();
  await pass(unit, 600);
  expect(isRestored(unit)).toBe(false);
  unit.hosts.add('right.test');
  const connected = unit.client.mqttClient.connect();
  await later(unit, async () => isOnline(unit) && !(await unit.world.storage.exists(keptPath)));
  await connected;
  expect(unit.client.settings.PU_MQTT_HOST).toBe('right.test');
  await unit.client.stopMainCycle();
});

test('a clock that jumps does not end a trial (U23, M13)', async () => {
  const unit = await tryWrong({ PU_MQTT_HOST: 'wrong.test' });
  for (const days of [1, -2, 365]) {
    unit.world.clock.jump(days * 86_400_000);
    await pass(unit, 10);
  }
  expect(isRestored(unit)).toBe(false);
  await later(unit, () => isRestored(unit));
  await unit.client.stopMainCycle();
});

test('the instance of the env before is asked during a trial, and a correction ends it (U23)', async () => {
  const unit = await tryWrong({ PU_MQTT_HOST: 'wrong.test', PU_DOMAIN: 'wrong.test' });
  sent(unit, { PU_MQTT_HOST: 'localhost', PU_DOMAIN: 'simulated.test' });
  await unit.client.downloadEnv();
  expect(
    unit.world.http.calls.filter(({ call }) => call === 'getEnv').map(({ target }) => JSON.stringify(target)),
  ).toEqual([expect.stringContaining('simulated.test'), expect.stringContaining('simulated.test')]);
  await later(unit, () => isOnline(unit));
  expect(await unit.world.storage.exists(keptPath)).toBe(false);
  await unit.client.stopMainCycle();
});

/** Copies all documents after each change, as a kill would leave them. */
const recording = (storage: MemoryStorage) => {
  const copies: Record<string, string>[] = [];
  const copy = () =>
    copies.push(Object.fromEntries([...storage.documents.keys()].map((path) => [path, storage.text(path) ?? ''])));
  const recorded: Storage = {
    ...storage,
    writeJson: async (path, value) => {
      await storage.writeJson(path, value);
      copy();
    },
    remove: async (path) => {
      await storage.remove(path);
      copy();
    },
  };
  return { copies, storage: { ...storage, ...recorded } };
};

test('a kill at any moment of a trial leaves an env with its token, and the next start ends the trial (U3, U23, X3)', async () => {
  const { copies, storage } = recording(memoryStorage(documentsOf(unitWith())));
  const unit = unitWith(storage);
  await unit.client.ready();
  await until(async () => storage.exists('.pepeunit/link.json'));
  sent(unit, { PU_MQTT_HOST: 'wrong.test' });
  await unit.client.downloadEnv();
  await later(unit, () => isRestored(unit));
  await unit.client.stopMainCycle();
  const phases = copies.map((copy) => (JSON.parse(copy[keptPath] ?? '{}') as JsonObject)['phase']);
  expect(phases).toEqual(expect.arrayContaining(['trial', 'restoring', 'failed']));
  for (const copy of copies) {
    const env: unknown = JSON.parse(copy['env.json'] ?? '');
    expect(isJsonObject(env) && env['PU_AUTH_TOKEN']).toBeTruthy();
    const next = unitWith(memoryStorage(copy));
    void next.client.runMainCycle();
    await later(next, () => isOnline(next));
    expect(next.client.settings.PU_MQTT_HOST).toBe('localhost');
    await next.client.stopMainCycle();
  }
});

test('on a real broker and a real disk, the unit comes back, and the kept env is private (U23, C3)', async () => {
  const live = await createLiveUnit({ update: { healthTimeoutMs: 1_000 }, mqtt: { spreadMs: 0 } });
  try {
    await live.client.ready();
    await until(async () => live.read('.pepeunit/link.json').catch(() => undefined));
    await live.instance.operator.setEnv(live.row.uuid, { PU_MQTT_HOST: '127.0.0.2' });
    await live.client.downloadEnv();
    expect((await stat(live.path(keptPath))).mode & 0o777).toBe(0o600);
    await until(async () => (await live.read('log.json')).includes('The env before is in force again'));
    await live.client.ready();
    expect(JSON.parse(await live.read('env.json'))).toMatchObject({ PU_MQTT_HOST: '127.0.0.1' });
  } finally {
    await live.stop();
  }
});
