import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { memoryClockSource } from '../../../adapters/memory/clock-source.ts';
import { memoryWifi } from '../../../adapters/memory/wifi.ts';
import { SearchScope, SearchTopicType } from '../../../app/node.ts';
import type { LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';
import type { Rows } from './rows.ts';

const publishedOn = ({ instance }: LiveUnit, topic: string): string[] => {
  const seen: string[] = [];
  instance.events.on('published', (event) => {
    if (event.topic === topic) seen.push(Buffer.from(event.payload).toString());
  });
  return seen;
};

const inputNode = ({ row }: LiveUnit): string => row.unit_nodes.find(({ type }) => type === 'Input')?.uuid ?? '';
const outputNode = ({ row }: LiveUnit): string => row.unit_nodes.find(({ type }) => type === 'Output')?.uuid ?? '';

export const mqttClientRows: Rows = {
  connect: async ({ client }) => {
    await client.mqttClient.connect();
    expect(client.mqttClient.isConnected()).toBe(true);
  },
  disconnect: async ({ client }) => {
    await client.mqttClient.disconnect();
    await client.mqttClient.connect();
    await client.mqttClient.disconnect();
    expect(client.mqttClient.isConnected()).toBe(false);
    await client.mqttClient.connect();
    expect(client.mqttClient.isConnected()).toBe(true);
  },
  setInputHandler: async (live) => {
    const seen: string[] = [];
    live.client.mqttClient.setInputHandler((message) => seen.push(message.text()));
    await live.client.ready();
    await live.instance.operator.setStateInput(inputNode(live), 'x');
    await until(() => seen.length === 1);
    expect(seen).toEqual(['x']);
  },
  subscribeAllSchemaTopics: async ({ client, instance }) => {
    await client.ready();
    let subscribed = 0;
    instance.events.on('subscribed', () => (subscribed += 1));
    client.mqttClient.subscribeAllSchemaTopics();
    await until(() => subscribed === 5);
  },
  subscribeTopics: async (live) => {
    const { client, topic } = live;
    const seen: string[] = [];
    client.mqttClient.setInputHandler((message) => seen.push(message.text()));
    await client.ready();
    const own = topic('output_topic', 'output/pepeunit');
    let granted = false;
    live.instance.events.on('subscribed', (event) => (granted ||= event.topic === own && !event.denied));
    client.mqttClient.subscribeTopics([own]);
    await until(() => granted);
    await client.mqttClient.publish(own, 'echo', { qos: 1 });
    await until(() => seen.includes('echo'));
  },
  unsubscribeTopics: async ({ client, instance, topic }) => {
    const own = topic('output_topic', 'output/pepeunit');
    const gone: string[] = [];
    instance.events.on('unsubscribed', (event) => gone.push(event.topic));
    client.mqttClient.subscribeTopics([own]);
    await client.ready();
    client.mqttClient.unsubscribeTopics([own]);
    await until(() => gone.length === 1);
    expect(gone).toEqual([own]);
  },
  publish: async (live) => {
    const topic = live.topic('output_topic', 'output/pepeunit');
    const seen = publishedOn(live, topic);
    expect(await live.client.mqttClient.publish(topic, 'early')).toBe('queued');
    await live.client.ready();
    await until(() => seen.length === 1);
    expect(await live.client.mqttClient.publish(topic, Uint8Array.of(0x68, 0x69), { qos: 1, retain: true })).toBe(
      'delivered',
    );
    expect(await live.client.mqttClient.publish(topic, 'x'.repeat(300_000))).toBe('refused');
    await until(() => seen.length === 2);
    expect(seen).toEqual(['early', 'hi']);
  },
  isConnected: async ({ client }) => {
    expect(client.mqttClient.isConnected()).toBe(false);
    await client.ready();
    expect(client.mqttClient.isConnected()).toBe(true);
  },
  ensureConnected: async ({ client }) => {
    await client.mqttClient.ensureConnected();
    await client.mqttClient.ensureConnected();
    expect(client.mqttClient.isConnected()).toBe(true);
  },
  consumeReconnected: async ({ client }) => {
    await client.ready();
    expect(client.mqttClient.consumeReconnected()).toBe(false);
    await client.mqttClient.disconnect();
    await client.mqttClient.connect();
    expect(client.mqttClient.consumeReconnected()).toBe(true);
    expect(client.mqttClient.consumeReconnected()).toBe(false);
  },
  dropInput: async (live) => {
    const { client, instance } = live;
    const seen: string[] = [];
    const delivered: string[] = [];
    instance.events.on('delivered', ({ topic }) => delivered.push(topic));
    client.mqttClient.setInputHandler((message) => seen.push(message.text()));
    await client.ready();
    const send = async (text: string) => {
      const before = delivered.length;
      await instance.operator.setStateInput(inputNode(live), text);
      await until(() => delivered.length > before);
      await client.mqttClient.publish(live.topic('output_topic', 'output/pepeunit'), 'fence', { qos: 1 });
    };
    {
      using held = client.mqttClient.dropInput();
      expect(held).toBeDefined();
      await send('dropped');
    }
    expect(await client.mqttClient.dropInput(async () => send('dropped too').then(() => 7))).toBe(7);
    await send('kept');
    await until(() => seen.length > 0);
    expect(seen).toEqual(['kept']);
  },
};

export const restClientRows: Rows = {
  downloadUpdate: async ({ client, path, read }) => {
    await client.restClient.downloadUpdate(path('update.tgz'));
    await client.fileManager.extractTarGz(path('update.tgz'), path('unpacked'));
    expect(await read('unpacked/program.txt')).toBe('version 1');
  },
  downloadEnv: async ({ client, path, read }) => {
    await client.restClient.downloadEnv(path('copy.json'));
    expect(JSON.parse(await read('copy.json'))).toEqual(JSON.parse(await read('env.json')));
  },
  downloadSchema: async ({ client, path, read }) => {
    await client.restClient.downloadSchema(path('copy.json'));
    expect(JSON.parse(await read('copy.json'))).toEqual(JSON.parse(await read('schema.json')));
  },
  setStateStorage: async ({ client }) => {
    await client.restClient.setStateStorage('x');
    await client.restClient.setStateStorage('');
    expect(await client.restClient.getStateStorage()).toBe('');
  },
  getStateStorage: async ({ client }) => {
    await client.restClient.setStateStorage('"quoted" \\ text');
    expect(await client.restClient.getStateStorage()).toBe('"quoted" \\ text');
  },
  getInputByOutput: async (live) => {
    await live.instance.operator.createEdge(outputNode(live), inputNode(live));
    const found = await live.client.restClient.getInputByOutput(live.topic('output_topic', 'output/pepeunit'), {
      limit: 1,
    });
    expect(found).toMatchObject({ count: 1, unit_nodes: [{ uuid: inputNode(live), type: 'Input' }] });
    expect(await live.client.restClient.getInputByOutput(outputNode(live), { offset: 1 })).toMatchObject({
      unit_nodes: [],
    });
  },
  getUnitsByNodes: async (live) => {
    const found = await live.client.restClient.getUnitsByNodes([inputNode(live), outputNode(live)]);
    expect(found).toMatchObject({ count: 1, units: [{ uuid: live.row.uuid }] });
    expect(await live.client.restClient.getUnitsByNodes([])).toEqual({ count: 0, units: [] });
  },
  getTargetVersion: async ({ client, addVersion }) => {
    await addVersion('version 2');
    expect((await client.restClient.getTargetVersion()).commit).toMatch(/^[0-9a-f]{40}$/);
  },
};

export const settingsRows: Rows = {
  unitUuid: async ({ client, row }) => {
    expect(client.settings.unitUuid).toBe('');
    await client.settings.loadFromFile();
    expect(client.settings.unitUuid).toBe(row.uuid);
  },
  loadFromFile: async ({ client, path, read }) => {
    await client.settings.loadFromFile();
    await writeFile(path('env.json'), JSON.stringify({ ...JSON.parse(await read('env.json')), DELAY: 3 }));
    await client.settings.loadFromFile();
    expect(client.settings['DELAY']).toBe(3);
    await writeFile(path('env.json'), '<html>');
    await expect(client.settings.loadFromFile()).rejects.toMatchObject({ name: 'SettingsError', code: 'malformed' });
    expect(client.settings['DELAY']).toBe(3);
  },
  get: async ({ client }) => {
    await client.settings.loadFromFile();
    expect(client.settings.get('PU_HTTP_TYPE')).toBe('http');
  },
};

export const schemaRows: Rows = {
  updateFromFile: async ({ client, path }) => {
    await client.schema.updateFromFile();
    await writeFile(path('schema.json'), '[]');
    await expect(client.schema.updateFromFile()).rejects.toMatchObject({ name: 'SchemaError' });
    expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
  },
  inputBaseTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.inputBaseTopic)).toContain('update/pepeunit');
  },
  outputBaseTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.outputBaseTopic).toSorted()).toEqual(['log/pepeunit', 'state/pepeunit']);
  },
  inputTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
  },
  outputTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.outputTopic)).toEqual(['output/pepeunit']);
  },
  findTopicByUnitNode: async (live) => {
    await live.client.schema.updateFromFile();
    const find = live.client.schema.findTopicByUnitNode;
    expect(find(inputNode(live), SearchTopicType.UnitNodeUuid, SearchScope.Input)).toBe('input/pepeunit');
    expect(find(live.topic('output_topic', 'output/pepeunit'), SearchTopicType.FullName, SearchScope.All)).toBe(
      'output/pepeunit',
    );
  },
};

const archive = async (path: string, bytes: (tar: Buffer) => Buffer): Promise<void> => {
  const tar = pack();
  tar.entry({ name: 'inside.txt' }, 'inside');
  tar.finalize();
  await writeFile(path, bytes(await buffer(tar)));
};

export const fileManagerRows: Rows = {
  readJson: async ({ client, path }) => {
    expect(await client.fileManager.readJson(path('schema.json'))).toHaveProperty('input_topic');
    expect(await client.fileManager.readJson(path('nowhere.json'))).toBeUndefined();
  },
  writeJson: async ({ client, path, read }) => {
    await client.fileManager.writeJson(path('deep/down/file.json'), { a: [1] });
    expect(JSON.parse(await read('deep/down/file.json'))).toEqual({ a: [1] });
  },
  fileExists: async ({ client, path }) => {
    expect(await client.fileManager.fileExists(path('nowhere.json'))).toBe(false);
  },
  iterLinesBytes: async ({ client, path }) => {
    await writeFile(path('lines.txt'), 'one\n\ntwo\r\nthree');
    const seen: string[] = [];
    await client.fileManager.iterLinesBytes(path('lines.txt'), (line) => seen.push(Buffer.from(line).toString()));
    expect(seen).toEqual(['one', 'two', 'three']);
  },
  lines: async ({ client, path }) => {
    await writeFile(path('lines.txt'), 'one\ntwo\n');
    const seen: string[] = [];
    for await (const line of client.fileManager.lines(path('lines.txt'))) seen.push(Buffer.from(line).toString());
    expect(seen).toEqual(['one', 'two']);
  },
  extractTarGz: async ({ client, path, read }) => {
    await archive(path('plain.tar'), (tar) => tar);
    await archive(path('packed.tgz'), gzipSync);
    for (const name of ['plain.tar', 'packed.tgz']) {
      await client.fileManager.extractTarGz(path(name), path(`${name}.d`));
      expect(await read(`${name}.d/inside.txt`)).toBe('inside');
    }
  },
};

const logged = async (client: LiveUnit['client']) =>
  (await client.logger.getFullLog()).map(({ level, text }) => [level, text]);

export const loggerRows: Rows = {
  debug: async ({ client }) => {
    client.logger.debug('x');
    expect(await logged(client)).toEqual([['Debug', 'x']]);
  },
  info: async ({ client }) => {
    client.logger.info('x', { fileOnly: true });
    expect(await logged(client)).toEqual([['Info', 'x']]);
  },
  warning: async ({ client }) => {
    client.logger.warning('x');
    expect(await logged(client)).toEqual([['Warning', 'x']]);
  },
  error: async ({ client }) => {
    client.logger.error('x');
    expect(await logged(client)).toEqual([['Error', 'x']]);
  },
  critical: async ({ client, instance, row }) => {
    await client.ready();
    client.logger.critical('it burns');
    const texts = () => instance.operator.logList(row.uuid).unit_logs.map(({ text }) => text);
    await until(() => texts().includes('it burns'));
  },
  syncLogsToMqtt: async ({ client, instance, row }) => {
    for (const text of ['first', 'second']) client.logger.info(text, { fileOnly: true });
    await client.ready();
    expect(await client.logger.syncLogsToMqtt()).toBeGreaterThanOrEqual(2);
    const texts = () => instance.operator.logList(row.uuid).unit_logs.map(({ text }) => text);
    await until(() => texts().includes('first') && texts().includes('second'));
  },
  resetLog: async ({ client }) => {
    client.logger.info('x');
    await client.logger.resetLog();
    expect(await client.logger.getFullLog()).toEqual([]);
  },
  getFullLog: async ({ client, path }) => {
    client.logger.info('x');
    const [entry] = await client.logger.getFullLog();
    await until(async () => (await readFile(path('log.json'), 'utf8').catch(() => '')) !== '');
    expect(JSON.parse(await readFile(path('log.json'), 'utf8'))).toEqual(entry);
  },
};

export const timeManagerRows: Rows = {
  syncEpochMsFromNtp: async ({ another }) => {
    const clockSource = memoryClockSource(1_000_000_000_000);
    const client = another({ adapters: { clockSource } });
    const synced = await client.timeManager.syncEpochMsFromNtp();
    expect(synced).toBeGreaterThanOrEqual(1_000_000_000_000);
    expect(synced).toBeLessThan(1_100_000_000_000);
    expect(client.timeManager.getEpochMs()).toBeGreaterThanOrEqual(synced);
  },
  getEpochMs: ({ client }) => {
    expect(Math.abs(client.timeManager.getEpochMs() - Date.now())).toBeLessThan(60_000);
  },
};

const wireless = async (live: LiveUnit, ssid = 'home') => {
  const { operator } = live.instance;
  await operator.setEnv(live.row.uuid, { PUC_WIFI_SSID: 'home', PUC_WIFI_PASS: 'secret password' });
  await writeFile(live.path('env.json'), JSON.stringify(await operator.getEnv(live.row.uuid)));
  const wifi = memoryWifi({ networks: { [ssid]: 'secret password' } });
  return live.another({ adapters: { wifi }, ffWifiManagerEnable: true });
};

export const wifiManagerRows: Rows = {
  getSta: ({ client }) => {
    expect(client.wifiManager.getSta().station).toBeTypeOf('string');
  },
  isConnected: async (live) => {
    const client = await wireless(live);
    expect(await client.wifiManager.isConnected()).toBe(false);
    await client.ready();
    expect(await client.wifiManager.isConnected()).toBe(true);
  },
  isWifiLinked: async (live) => {
    expect(await (await wireless(live)).wifiManager.isWifiLinked()).toBe(false);
  },
  scanHasTargetSsid: async (live) => {
    expect(await (await wireless(live)).wifiManager.scanHasTargetSsid()).toBe(true);
    expect(await (await wireless(live, 'elsewhere')).wifiManager.scanHasTargetSsid()).toBe(false);
  },
  connectOnce: async (live) => {
    expect(await (await wireless(live)).wifiManager.connectOnce({ timeoutMs: 1000 })).toBe(true);
    expect(await (await wireless(live, 'elsewhere')).wifiManager.connectOnce({ timeoutMs: 1000 })).toBe(false);
  },
  connectForever: async (live) => {
    const client = await wireless(live);
    await client.wifiManager.connectForever();
    expect(await client.wifiManager.isConnected()).toBe(true);
  },
  ensureConnected: async (live) => {
    const client = await wireless(live);
    await client.wifiManager.ensureConnected();
    await client.wifiManager.ensureConnected();
    expect(await client.wifiManager.isWifiLinked()).toBe(true);
  },
};

export const cipherRows: Rows = {
  aesGcmEncode: async ({ client }) => {
    const key = Buffer.alloc(32).toString('base64');
    expect(await client.cipher.aesGcmEncode('x', key)).not.toBe(await client.cipher.aesGcmEncode('x', key));
  },
  aesGcmDecode: async ({ client }) => {
    const sealed = [Buffer.alloc(12), Buffer.from('afc52354109ef65a2f5ccbb3f052097814df3c', 'hex')];
    const text = sealed.map((part) => part.toString('base64')).join('.');
    expect(await client.cipher.aesGcmDecode(text, Buffer.alloc(32).toString('base64'))).toBe('abc');
  },
};
