import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { memoryLogSink, createTestUnit } from '../../../app/testing.ts';
import { StorageError } from '../../../services/errors.ts';
import type { JsonObject, JsonValue } from '../../../services/json.ts';
import { schemaDocument } from '../../support/documents.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

const createUnit = async () => {
  const shown = memoryLogSink();
  const live = await createLiveUnit(
    { mqtt: { spreadMs: 0 }, ffConsoleLogEnable: true, adapters: { console: shown } },
    { DELAY: 1 },
  );
  onTestFinished(() => live.stop());
  await live.client.ready();
  return { ...live, shown };
};

test('a new ping interval or log level counts on the link that is there, and a new keep-alive replaces it', async () => {
  const { client, shown, instance, row } = await createUnit();
  await client.settings.update({ PU_MQTT_PING_INTERVAL: 3, PU_MIN_LOG_LEVEL: 'Warning', PU_STATE_SEND_INTERVAL: 5 });
  expect(client.metrics()).toMatchObject({ connects: 1, disconnects: 0 });
  client.logger.info('below the level');
  client.logger.warning('at the level');
  expect(shown.entries.map(({ text }) => text)).not.toContain('below the level');
  expect(shown.entries.map(({ text }) => text)).toContain('at the level');
  const online = new Promise((resolve) => client.on('online', resolve));
  await client.settings.update({ PU_MQTT_KEEPALIVE: 30 });
  await online;
  expect(client.metrics()).toMatchObject({ connects: 2, disconnects: 1 });
  expect(await client.publishToTopics('output/pepeunit', 'ещё здесь 🔥')).toBe(true);
  await until(() => instance.operator.getUnit(row.uuid).unit_state !== null);
});

test.each<[string, JsonValue | undefined]>([
  ['PU_DOMAIN', 'elsewhere.test'],
  ['PU_HTTP_TYPE', 'http'],
  ['PU_APP_PREFIX', '/other'],
  ['PU_API_ACTUAL_PREFIX', undefined],
  ['PU_MQTT_HOST', ''],
  ['PU_MQTT_PORT', 1],
  ['PU_AUTH_TOKEN', 'canary.token.value'],
  ['PU_COMMIT_VERSION', 'another'],
  ['PU_STATE_SEND_INTERVAL', 0],
  ['PU_MQTT_KEEPALIVE', 'soon'],
  ['PU_MIN_LOG_LEVEL', 'Loud'],
])('a change of %s to %s is refused by name, and nothing changes', async (name, value) => {
  const { client, world } = createTestUnit();
  await client.settings.loadFromFile();
  const before = JSON.stringify({ ...client.settings });
  const refusal: unknown = await client.settings.update({ DELAY: 5, [name]: value }).catch((thrown: unknown) => thrown);
  expect(refusal).toMatchObject({ name: 'SettingsError', code: 'invalid', message: expect.stringContaining(name) });
  expect(String(refusal)).not.toContain('canary');
  expect(JSON.stringify({ ...client.settings })).toBe(before);
  await client.settings.save();
  expect(world.storage.text('env.json')).not.toContain('DELAY');
});

test.each<[string, unknown]>([
  ['a list', []],
  ['a text', 'DELAY'],
  ['nothing', undefined],
  ['a date in it', { AT: new Date(0) }],
  ['no number in it', { AT: Number.NaN }],
  ['a function in it', { AT: () => 1 }],
])('a change that is %s is refused', async (_, patch) => {
  const { client } = createTestUnit();
  await expect(client.settings.update(patch as object)).rejects.toMatchObject({
    name: 'SettingsError',
    code: 'invalid',
  });
});

test('a patch that holds itself is refused, and one that names a prototype changes none (C8)', async () => {
  const { client } = createTestUnit();
  const endless: { self?: unknown } = {};
  endless.self = endless;
  await expect(client.settings.update(endless as object)).rejects.toMatchObject({ code: 'invalid' });
  await client.settings.update(JSON.parse('{"__proto__":{"polluted":1},"loadFromFile":2}') as object);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(client.settings.get('loadFromFile')).toBe(2);
  await client.settings.loadFromFile();
});

test('what a change holds is copied at the call (S13)', async () => {
  const { client, world } = createTestUnit();
  const steps = [3, 4];
  const changing = client.settings.update({ ЛЕСТНИЦА: steps });
  const schema = JSON.parse(world.storage.text('schema.json') ?? '') as { input_topic: unknown };
  const replacing = client.schema.update(schema);
  steps.push(5);
  schema.input_topic = {};
  await Promise.all([changing, replacing]);
  expect(client.settings['ЛЕСТНИЦА']).toEqual([3, 4]);
  expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
});

test('a full disk costs the save and not the change, and the next save keeps it (U17)', async () => {
  const { client, world } = createTestUnit();
  await client.settings.update({ DELAY: 5 });
  world.storage.failNext('write', new StorageError('io', 'env.json: no space left.'));
  await expect(client.settings.save()).rejects.toMatchObject({ name: 'StorageError', code: 'io' });
  expect(client.settings['DELAY']).toBe(5);
  await client.settings.save();
  expect(world.storage.text('env.json')).toContain('"DELAY": 5');
});

test('an env of the instance ends what was not saved', async () => {
  const { client, instance, row, read } = await createUnit();
  await client.settings.update({ DELAY: 5, MINE: 'свое' });
  await instance.operator.setEnv(row.uuid, { DELAY: 7 });
  await instance.operator.sendCommand(row.uuid, 'EnvUpdate');
  await until(() => client.settings['DELAY'] === 7);
  expect(client.settings['MINE']).toBeUndefined();
  expect((JSON.parse(await read('env.json')) as JsonObject)['DELAY']).toBe(7);
});

test('changes and commands at the same time all end, and the file stays whole (U3)', async () => {
  const { client, instance, row, path } = await createUnit();
  const updates = [1, 2, 3].map((n) => client.settings.update({ [`N${n}`]: n }).then(() => client.settings.save()));
  await Promise.all([...updates, client.downloadEnv(), instance.operator.sendCommand(row.uuid, 'EnvUpdate')]);
  const env = JSON.parse(await readFile(path('env.json'), 'utf8')) as JsonObject;
  expect(env['PU_AUTH_TOKEN']).toBe(client.settings.PU_AUTH_TOKEN);
});

test("a schema with another unit's base topics, or on a full disk, changes nothing", async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  const before = world.storage.text('schema.json') ?? '';
  await expect(client.schema.update(schemaDocument())).rejects.toMatchObject({ name: 'SchemaError', code: 'invalid' });
  await expect(client.schema.update({ at: () => 1 })).rejects.toMatchObject({ name: 'SchemaError' });
  world.storage.failNext('write', new StorageError('io', 'schema.json: no space left.'));
  const next = { ...(JSON.parse(before) as object), input_topic: {} };
  await expect(client.schema.update(next)).rejects.toMatchObject({ name: 'StorageError' });
  expect(world.storage.text('schema.json')).toBe(before);
  expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
  await client.schema.update(next);
  expect(Object.keys(client.schema.inputTopic)).toEqual([]);
});
