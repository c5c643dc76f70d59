import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { PepeunitClient, type PepeunitClientOptions } from '../../../app/node.ts';
import { memoryStorage, createTestUnit } from '../../../app/testing.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { envDocument, schemaDocument, unitUuid, writeUnitDocuments, type UnitPaths } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

const key = 'c2l4dGVlbiBieXRlcyE9PQ==';
const clientOf = (paths: UnitPaths, options: Partial<PepeunitClientOptions> = {}) => {
  const client = new PepeunitClient({ ...paths, ffConsoleLogEnable: false, mqtt: { spreadMs: 0 }, ...options });
  onTestFinished(() => client.stopMainCycle());
  return client;
};
const setUp = async (env = {}, options: Partial<PepeunitClientOptions> = {}) => {
  const paths = await writeUnitDocuments(await temporaryFolder(), { PU_ENCRYPT_KEY: key, ДАТЧИК: '🔥', ...env });
  return { paths, client: clientOf(paths, options) };
};

test('settings and schema are there right after the constructor', async () => {
  const { client } = await setUp();
  expect(client.settings.PU_ENCRYPT_KEY).toBe(key);
  expect(client.settings['ДАТЧИК']).toBe('🔥');
  expect(client.settings.unitUuid).toBe(unitUuid);
  expect(client.schema.outputTopic['output/pepeunit']).toEqual([
    'unit.test/33333333-3333-4333-8333-333333333333/pepeunit',
  ]);
});

test('the constructor reads nothing: files written after it are the ones in force', async () => {
  const { paths, client } = await setUp();
  await writeFile(paths.envFilePath, JSON.stringify(envDocument({ DELAY: 3 })));
  expect(client.settings['DELAY']).toBe(3);
});

test.each<[string, (path: string) => Promise<unknown>, string]>([
  ['missing', (path) => rm(path), 'missing'],
  ['broken', (path) => writeFile(path, '{"PU_MQTT_HOST":'), 'malformed'],
  ['of the wrong shape', (path) => writeFile(path, '[]'), 'malformed'],
  ['a folder', async (path) => rm(path).then(() => mkdir(path)), 'io'],
])('a file that is %s is silent at first, and told by ready()', async (_, spoil, code) => {
  const { paths, client } = await setUp();
  await spoil(paths.envFilePath);
  await spoil(paths.schemaFilePath);
  expect(client.settings.unitUuid).toBe('');
  expect(client.settings.PU_STATE_SEND_INTERVAL).toBe(300);
  expect(client.schema.outputTopic).toEqual({});
  expect(await client.publishToTopics('output/pepeunit', 'x')).toBe(false);
  await expect(client.ready()).rejects.toMatchObject({ name: 'SettingsError', code });
});

test.skipIf(process.platform === 'win32')('a pipe in place of env.json does not block', async () => {
  const { paths, client } = await setUp();
  await rm(paths.envFilePath);
  await promisify(execFile)('mkfifo', [paths.envFilePath]);
  expect(client.settings.unitUuid).toBe('');
});

test('what ready() loads replaces what was there at first', async () => {
  const broker = await startAedes();
  onTestFinished(() => broker.stop());
  const { paths, client } = await setUp({ PU_MQTT_PORT: broker.port, OLD: 1 });
  const { settings, schema } = client;
  expect(settings['OLD']).toBe(1);
  await writeFile(paths.envFilePath, JSON.stringify(envDocument({ PU_MQTT_PORT: broker.port, NEW: 2 })));
  const output_topic = { 'late/pepeunit': ['unit.test/44444444-4444-4444-8444-444444444444'] };
  await writeFile(paths.schemaFilePath, JSON.stringify(schemaDocument({ output_topic })));
  await client.ready();
  expect([settings['OLD'], settings['NEW']]).toEqual([undefined, 2]);
  expect(Object.keys(schema.outputTopic)).toEqual(['late/pepeunit']);
});

test('with a storage of its own the client reads no files at first', async () => {
  const { client } = await setUp({}, { adapters: { storage: memoryStorage({}) } });
  expect(client.settings.unitUuid).toBe('');
  expect(client.schema.outputTopic).toEqual({});
  expect(createTestUnit().client.settings.unitUuid).toBe('');
});

test('a key that is logged before the start is masked (C1)', async () => {
  const { client } = await setUp();
  client.logger.info(`the key is ${client.settings.PU_ENCRYPT_KEY}`);
  expect(await client.logger.getFullLog()).toMatchObject([{ text: 'the key is ***' }]);
});

test('what is published before the start is queued, with the QoS of its topic, and goes out', async () => {
  const broker = await startAedes();
  onTestFinished(() => broker.stop());
  const listener = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  onTestFinished(() => listener.endAsync(true));
  const seen: string[] = [];
  listener.on('message', (_, payload, { qos }) => seen.push(`${payload.toString()} ${qos}`));
  await listener.subscribeAsync('unit.test/33333333-3333-4333-8333-333333333333/pepeunit', { qos: 2 });
  const policies = { 'output/pepeunit': { keep: 'queue', qos: 2 } } as const;
  const { client } = await setUp({ PU_MQTT_PORT: broker.port }, { outbox: { policies } });
  expect(await client.publishToTopics('output/pepeunit', 'рано')).toBe(true);
  expect(client.metrics().outbox).toMatchObject({ waiting: 1 });
  await client.ready();
  await until(() => seen.length === 1, { what: 'the early message' });
  expect(seen).toEqual(['рано 2']);
});
