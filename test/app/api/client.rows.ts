import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { memoryProcessControl } from '../../../adapters/memory/process-control.ts';
import type { InboundMessage } from '../../../app/node.ts';
import { until } from '../../support/until.ts';
import type { Rows } from './rows.ts';

export const clientRows: Rows = {
  getSystemState: async ({ client, instance, row }) => {
    await client.settings.loadFromFile();
    const state = await client.getSystemState();
    expect(state.pu_commit_version).toBe(instance.operator.getTargetVersion(row.uuid).commit);
    expect(Math.abs(state.millis - Date.now())).toBeLessThan(60_000);
    expect(state.mem_free).toBeGreaterThan(0);
    expect(state.statvfs).toHaveLength(10);
  },
  setMqttInputHandler: async ({ client, instance, row, topic }) => {
    const seen: InboundMessage[] = [];
    client.setMqttInputHandler((unit, message) => {
      expect(unit).toBe(client);
      seen.push(message);
    });
    await client.ready();
    const node = row.unit_nodes.find(({ type }) => type === 'Input');
    await instance.operator.setStateInput(node?.uuid ?? '', '{"on":true}');
    await until(() => seen.length === 1);
    expect(seen[0]?.topic).toBe(topic('input_topic', 'input/pepeunit'));
    expect(seen[0]?.text()).toBe('{"on":true}');
    expect(seen[0]?.json()).toEqual({ on: true });
    expect(seen[0]?.payload).toBeInstanceOf(Uint8Array);
    expect(seen[0]?.retained).toBe(false);
    expect(seen[0]).toHaveProperty('properties');
  },
  setOutputHandler: async ({ client }) => {
    let calls = 0;
    let atWork = 0;
    client.setOutputHandler(async (unit) => {
      expect(unit).toBe(client);
      atWork += 1;
      expect(atWork).toBe(1);
      await new Promise<void>((resolve) => setImmediate(resolve));
      atWork -= 1;
      calls += 1;
    });
    const running = client.runMainCycle({ cycleMs: 1 });
    await until(() => calls > 3);
    await client.stopMainCycle();
    await running;
    const after = calls;
    await new Promise<void>((resolve) => setTimeout(resolve, 30));
    expect(calls).toBe(after);
  },
  setCustomUpdateHandler: async ({ client, instance, row, addVersion, read }) => {
    const seen: unknown[] = [];
    client.setCustomUpdateHandler((unit, payload) => {
      expect(unit).toBe(client);
      seen.push(payload);
    });
    await client.ready();
    const before = await read('env.json');
    const commit = await addVersion('version 2');
    await instance.operator.sendCommand(row.uuid, 'Update');
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ COMMAND: 'Update', PU_COMMIT_VERSION: commit }]);
    expect(await read('env.json')).toBe(before);
  },
  subscribeAllSchemaTopics: async ({ client, instance }) => {
    await client.ready();
    const topics: string[] = [];
    instance.events.on('subscribed', ({ topic }) => topics.push(topic));
    client.subscribeAllSchemaTopics();
    await until(() => topics.length === 6);
    expect(new Set(topics).size).toBe(6);
  },
  publishToTopics: async ({ client, instance, topic }) => {
    await client.ready();
    const seen: string[] = [];
    instance.events.on('published', (event) => {
      if (event.topic === topic('output_topic', 'output/pepeunit')) seen.push(Buffer.from(event.payload).toString());
    });
    expect(await client.publishToTopics('output/pepeunit', 'hello')).toBe(true);
    expect(await client.publishToTopics('output/pepeunit', 21.5, { qos: 1 })).toBe(true);
    expect(await client.publishToTopics('nothing/pepeunit', 'x')).toBe(false);
    expect(await client.publishToTopics('toString', 'x')).toBe(false);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['hello', '21.5']);
  },
  runMainCycle: async ({ client, another, path }) => {
    let ended = false;
    const running = client.runMainCycle().then(() => (ended = true));
    await client.ready();
    expect(ended).toBe(false);
    await client.stopMainCycle();
    await running;
    const lost = another({ envFilePath: path('nowhere.json') });
    await expect(lost.runMainCycle()).rejects.toMatchObject({ name: 'SettingsError', code: 'missing' });
  },
  stopMainCycle: async ({ client, instance, another }) => {
    const gone: string[] = [];
    instance.events.on('disconnect', ({ clientId }) => gone.push(clientId));
    await client.ready();
    await client.stopMainCycle();
    await until(() => gone.length === 1);
    await client.stopMainCycle();
    await another().stopMainCycle();
    await expect(client.ready()).rejects.toMatchObject({ name: 'ClientError', code: 'stopped' });
  },
  restartDevice: async ({ another }) => {
    const process = memoryProcessControl();
    const client = another({ restartMode: 'restart_exec', adapters: { process } });
    await client.ready();
    void client.restartDevice();
    await until(() => process.restarts.length === 1);
    expect(process.restarts).toEqual(['restart_exec']);
    expect(client.mqttClient.isConnected()).toBe(false);
  },
  setCycleSpeed: async ({ client }) => {
    let turns = 0;
    client.setOutputHandler(() => (turns += 1));
    const running = client.runMainCycle({ cycleMs: 3_600_000 });
    await client.ready();
    const before = turns;
    client.setCycleSpeed({ cycleMs: 1 });
    await until(() => turns > before + 3);
    let others = 0;
    client.setOutputHandler(() => (others += 1));
    await until(() => others > 3);
    client.setOutputHandler(undefined);
    expect(() => client.setCycleSpeed({ cycleMs: 0 })).toThrow(expect.objectContaining({ code: 'options' }));
    await client.stopMainCycle();
    await running;
  },
  setStateStorage: async ({ client }) => {
    await client.setStateStorage('kept "text"\n');
    for (const wrong of [
      'half \ud83d of an emoji',
      '\udd11',
      42 as unknown as string,
      undefined as unknown as string,
    ]) {
      const call = client.setStateStorage(wrong);
      await expect(call).rejects.toMatchObject({ name: 'ClientError', code: 'invalid' });
    }
    expect(await client.getStateStorage()).toBe('kept "text"\n');
  },
  getStateStorage: async ({ client }) => {
    expect(await client.getStateStorage()).toBe('');
  },
  settings: async ({ client, row }) => {
    await client.settings.loadFromFile();
    expect(client.settings.unitUuid).toBe(row.uuid);
  },
  schema: async ({ client, topic }) => {
    await client.schema.updateFromFile();
    expect(client.schema.outputTopic['output/pepeunit']).toEqual([topic('output_topic', 'output/pepeunit')]);
  },
  logger: async ({ client }) => {
    client.logger.info('hello');
    expect(await client.logger.getFullLog()).toMatchObject([{ level: 'Info', text: 'hello' }]);
  },
  mqttClient: async ({ client }) => {
    await client.mqttClient.connect();
    expect(client.mqttClient.isConnected()).toBe(true);
  },
  restClient: async ({ client, row, instance }) => {
    const { commit } = await client.restClient.getTargetVersion();
    expect(commit).toBe(instance.operator.getTargetVersion(row.uuid).commit);
  },
  timeManager: ({ client }) => {
    expect(Math.abs(client.timeManager.getEpochMs() - Date.now())).toBeLessThan(60_000);
  },
  wifiManager: async ({ client }) => {
    expect(await client.wifiManager.isWifiLinked()).toBe(true);
  },
  fileManager: async ({ client, path }) => {
    expect(await client.fileManager.fileExists(path('env.json'))).toBe(true);
  },
  cipher: async ({ client }) => {
    await client.settings.loadFromFile();
    const key = client.settings.PU_ENCRYPT_KEY;
    const sealed = await client.cipher.aesGcmEncode('pepeunit', key);
    expect(await client.cipher.aesGcmDecode(sealed, key)).toBe('pepeunit');
  },
  actor: async ({ client }) => {
    expect(client.actor.getSnapshot().matches({ lifecycle: 'idle' })).toBe(true);
    const values: unknown[] = [];
    client.actor.subscribe((snapshot) => values.push(snapshot.value));
    await client.ready();
    expect(client.actor.getSnapshot().matches({ lifecycle: { operating: 'online' } })).toBe(true);
    expect(values.length).toBeGreaterThan(3);
    client.actor.send({ type: 'reporter.report' });
  },
  metrics: async ({ client, instance, row, path }) => {
    expect(client.metrics()).toMatchObject({ connects: 0, inbox: { received: 0 }, outbox: { sent: 0 } });
    await client.ready();
    await client.publishToTopics('output/pepeunit', 'x', { qos: 1 });
    const node = row.unit_nodes.find(({ type }) => type === 'Input');
    await instance.operator.setStateInput(node?.uuid ?? '', 'y');
    await until(() => client.metrics().inbox.received > 0);
    await writeFile(path('env.json'), '{}');
    await expect(client.settings.loadFromFile()).rejects.toMatchObject({ code: 'invalid' });
    const { outbox, lastFailure, ...metrics } = client.metrics();
    expect(metrics).toMatchObject({ connects: 1, disconnects: 0, crashes: 0, inbox: { received: 1, dropped: 0 } });
    expect(outbox.sent).toBeGreaterThan(0);
    expect(lastFailure).toMatchObject({ name: 'SettingsError', code: 'invalid', atMs: expect.any(Number) });
    expect(metrics.uptimeMs).toBeGreaterThan(0);
    expect(client.actor.getSnapshot().context.counts).toMatchObject({ connects: 1 });
  },
  on: async ({ client, instance, row }) => {
    const seen: string[] = [];
    client.on('online', () => seen.push('online'));
    client.on('command', ({ command }) => seen.push(command));
    const off = client.on('settingsLoaded', () => seen.push('never'));
    off.unsubscribe();
    await client.ready();
    await instance.operator.sendCommand(row.uuid, 'LogSync');
    await until(() => seen.length === 2);
    expect(seen).toEqual(['online', 'log_sync']);
  },
  ready: async ({ client, instance, another, path }) => {
    const topics: string[] = [];
    instance.events.on('subscribed', ({ topic }) => topics.push(topic));
    await client.ready();
    expect(topics).toHaveLength(6);
    await client.ready();
    const lost = another({ schemaFilePath: path('nowhere.json') });
    await expect(lost.ready()).rejects.toMatchObject({ name: 'SchemaError', code: 'missing' });
  },
};
