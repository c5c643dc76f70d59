import { expect } from 'vitest';
import type { LiveUnit } from '../../support/live-unit.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { until } from '../../support/until.ts';
import { inputNode, outputNode, type Rows } from './rows.ts';

const publishedOn = ({ instance }: LiveUnit, topic: string): string[] => {
  const seen: string[] = [];
  instance.events.on('published', (event) => {
    if (event.topic === topic) seen.push(Buffer.from(event.payload).toString());
  });
  return seen;
};
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
    await until(() => subscribed === 6);
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
    await client.mqttClient.publishDetailed(own, 'echo', { qos: 1 });
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
    expect(await live.client.mqttClient.publish(topic, 'early')).toBe(true);
    await live.client.ready();
    expect(await live.client.mqttClient.publish(topic, 'hi', { qos: 1 })).toBe(true);
    expect(await live.client.mqttClient.publish(topic, 'kept', true, 1)).toBe(true);
    expect(await live.client.mqttClient.publish(topic, 'x'.repeat(300_000))).toBe(false);
    await until(() => seen.length === 3);
    expect(seen).toEqual(['early', 'hi', 'kept']);
  },
  publishDetailed: async (live) => {
    const topic = live.topic('output_topic', 'output/pepeunit');
    const seen = publishedOn(live, topic);
    expect(await live.client.mqttClient.publishDetailed(topic, 'early')).toEqual({ outcome: 'queued' });
    await live.client.ready();
    await until(() => seen.length === 1);
    expect(
      await live.client.mqttClient.publishDetailed(topic, Uint8Array.of(0x68, 0x69), { qos: 1, retain: true }),
    ).toEqual({
      outcome: 'delivered',
    });
    expect(await live.client.mqttClient.publishDetailed(topic, 'x'.repeat(300_000))).toMatchObject({
      outcome: 'refused',
    });
    await until(() => seen.length === 2);
    expect(seen).toEqual(['early', 'hi']);
  },
  metrics: async ({ client, ...live }) => {
    await client.mqttClient.publishDetailed(live.topic('output_topic', 'output/pepeunit'), 'early');
    expect(client.mqttClient.metrics()).toMatchObject({ waiting: 1, queued: 1, sent: 0 });
    await client.ready();
    await until(() => client.mqttClient.metrics().waiting === 0);
    expect(client.mqttClient.metrics()).toMatchObject({ dropped: 0, refused: 0, isVolatile: false });
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
      await client.mqttClient.publishDetailed(live.topic('output_topic', 'output/pepeunit'), 'fence', { qos: 1 });
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
  downloadFile: async ({ client, path, read }) => {
    const server = await startHttpServer(({ url, headers }, response) => {
      const token = headers['x-auth-token'] === undefined ? 'no token' : 'the token';
      response.writeHead(url === '/file' ? 200 : 404).end(`слово, ${token}`);
    });
    try {
      await client.restClient.downloadFile(`${server.origin}/file`, path('deep/file.txt'));
      expect(await read('deep/file.txt')).toBe('слово, no token');
      const download = client.restClient.downloadFile;
      await expect(download(new URL(`${server.origin}/none`), path('deep/file.txt'))).rejects.toMatchObject({
        name: 'RestError',
        code: 'status',
        status: 404,
      });
      await expect(download(`${server.origin}/file`, path('deep/file.txt'), { maxBytes: 3 })).rejects.toMatchObject({
        code: 'tooLarge',
      });
      await expect(download('file.txt', path('deep/file.txt'))).rejects.toMatchObject({ name: 'RestError' });
      expect(await read('deep/file.txt')).toBe('слово, no token');
    } finally {
      await server.stop();
    }
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
