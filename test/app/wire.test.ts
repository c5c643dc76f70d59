import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAsync, type Packet } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PepeunitClient } from '../../app/node.ts';
import { createLiveUnit, type LiveUnit } from '../support/live-unit.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startRecordingProxy, type RecordingProxy } from '../support/recording-proxy.ts';
import { until } from '../support/until.ts';

interface Scene {
  readonly live: LiveUnit;
  readonly proxy: RecordingProxy;
  readonly client: PepeunitClient;
  readonly brokerPort: number;
}

const of = <T extends Packet['cmd']>(packets: readonly Packet[], cmd: T) =>
  packets.filter((packet): packet is Extract<Packet, { cmd: T }> => packet.cmd === cmd);

/** A unit whose MQTT link passes a recorder on its way to a broker. */
const record = async (brokerPort: (live: LiveUnit) => number, act: (scene: Scene) => Promise<void>): Promise<void> => {
  const live = await createLiveUnit({ mqtt: { protocol: 4 } }, { PUBLISH_EVERY: 1 });
  const port = brokerPort(live);
  const proxy = await startRecordingProxy(port, 4);
  const env = JSON.parse(await live.read('env.json'));
  await writeFile(live.path('env.json'), JSON.stringify({ ...env, PU_MQTT_PORT: proxy.port, PU_MQTT_KEEPALIVE: 37 }));
  try {
    await act({ live, proxy, client: live.client, brokerPort: port });
  } finally {
    await live.stop();
    await proxy.stop();
  }
};

/** What every broker gets to see. */
const wireTests = (brokerPort: (live: LiveUnit) => number): void => {
  test('CONNECT carries the token, an empty password, the UUID, clean session and the keep-alive', () =>
    record(brokerPort, async ({ live, proxy, client }) => {
      await client.ready();
      const [connect] = of(proxy.connection.sent, 'connect');
      expect(proxy.connection.sent[0]).toBe(connect);
      expect(connect).toMatchObject({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: live.row.uuid,
        username: client.settings.PU_AUTH_TOKEN,
        keepalive: 37,
      });
      expect(connect?.password).toHaveLength(0);
      expect(connect?.will).toBeUndefined();
    }));

  test('all topics go in one SUBSCRIBE, base topics first, and the first state report comes right after', () =>
    record(brokerPort, async ({ live, proxy, client }) => {
      await client.ready();
      const { sent } = proxy.connection;
      await until(() => of(sent, 'publish').some(({ topic }) => topic.includes('/state/')));
      const subscribes = of(sent, 'subscribe');
      expect(subscribes).toHaveLength(1);
      const topics = subscribes[0]?.subscriptions.map(({ topic, qos }) => `${topic} ${qos}`);
      const base = ['update', 'env_update', 'schema_update', 'log_sync', 'reset'];
      expect(topics?.slice(0, 5).toSorted()).toEqual(
        base.map((name) => `${live.topic('input_base_topic', `${name}/pepeunit`)} 0`).toSorted(),
      );
      expect(topics?.slice(5)).toEqual([`${live.topic('input_topic', 'input/pepeunit')} 0`]);
      const state = of(sent, 'publish').find(
        ({ topic }) => topic === live.topic('output_base_topic', 'state/pepeunit'),
      );
      expect(state).toMatchObject({ qos: 0, retain: false });
      const report = JSON.parse(String(state?.payload));
      const { commit } = live.instance.operator.getTargetVersion(live.row.uuid);
      expect(report).toMatchObject({
        pu_commit_version: commit,
        statvfs: expect.any(Array),
        millis: expect.any(Number),
      });
    }));

  test('every command is obeyed with no input handler set', () =>
    record(brokerPort, async ({ live, client, brokerPort: port }) => {
      await client.ready();
      const done: string[] = [];
      client.on('settingsLoaded', () => done.push('env_update'));
      client.on('schemaLoaded', () => done.push('schema_update'));
      client.on('logsSynced', () => done.push('log_sync'));
      client.on('updateFinished', () => done.push('update'));
      const commit = await live.addVersion('version 2');
      await live.instance.operator.sendCommand(live.row.uuid, 'Update');
      const username = client.settings.PU_AUTH_TOKEN;
      const entry = { username, password: '', clientId: `${live.row.uuid}-sender`, reconnectPeriod: 0 };
      const operator = await connectAsync(`mqtt://127.0.0.1:${port}`, entry);
      const send = (name: string, payload: object) =>
        operator.publishAsync(live.topic('input_base_topic', `${name}/pepeunit`), JSON.stringify(payload), { qos: 1 });
      await send('log_sync', { COMMAND: 'LogSync' });
      await send('schema_update', { COMMAND: 'SchemaUpdate' });
      await send('update', { COMMAND: 'Update', PU_COMMIT_VERSION: commit });
      await until(() => ['log_sync', 'schema_update', 'update'].every((name) => done.includes(name)));
      await send('env_update', { COMMAND: 'EnvUpdate' });
      await until(() => done.includes('env_update'));
      await operator.endAsync();
      expect(await live.read('program.txt')).toBe('version 2');
    }));

  test('log_sync sends every stored line, oldest first', () =>
    record(brokerPort, async ({ live, proxy, client }) => {
      for (let index = 0; index < 20; index += 1) client.logger.info(`line ${index}`, { fileOnly: true });
      await client.ready();
      await client.logger.syncLogsToMqtt();
      const topic = live.topic('output_base_topic', 'log/pepeunit');
      const batches = of(proxy.connection.sent, 'publish')
        .filter((packet) => packet.topic === topic)
        .map(({ payload }) => JSON.parse(String(payload)))
        .filter((payload) => Array.isArray(payload));
      const texts = batches.flat().map(({ text }: { text: string }) => text);
      expect(texts.filter((text) => text.startsWith('line '))).toEqual(
        Array.from({ length: 20 }, (_, i) => `line ${i}`),
      );
    }));

  test('a publish to an unknown key is false and sends nothing', () =>
    record(brokerPort, async ({ proxy, client }) => {
      await client.ready();
      expect(await client.publishToTopics('unknown/pepeunit', 'never-sent')).toBe(false);
      expect(await client.publishToTopics('output/pepeunit', 'sent', { qos: 1 })).toBe(true);
      const payloads = () => of(proxy.connection.sent, 'publish').map(({ payload }) => String(payload));
      await until(() => payloads().includes('sent'));
      expect(payloads()).not.toContain('never-sent');
    }));

  test('a stop says DISCONNECT', () =>
    record(brokerPort, async ({ proxy, client }) => {
      await client.ready();
      await client.stopMainCycle();
      await until(() => proxy.connection.closed);
      expect(proxy.connection.sent.at(-1)?.cmd).toBe('disconnect');
    }));
};

describe('on the wire, to the embedded broker', () => {
  wireTests(({ instance }) => Number(new URL(instance.mqttUrl).port));
});

describeWithMosquitto('on the wire, to mosquitto', () => {
  let port = 0;
  beforeAll(async () => {
    const mosquitto = await startMosquitto();
    port = mosquitto.port;
    return () => mosquitto.stop();
  });
  wireTests(() => port);
});

const bodyOf = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString();

/** A unit whose requests pass a recorder on their way to the instance. */
const recorded = async (act: (client: PepeunitClient, requests: string[]) => Promise<void>) => {
  const live = await createLiveUnit();
  const requests: string[] = [];
  const upstream = live.instance.httpUrl;
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request);
    const { 'x-auth-token': token, accept, 'content-type': type } = request.headers;
    expect([token, accept]).toEqual([live.client.settings.PU_AUTH_TOKEN, 'application/json']);
    requests.push([request.method, request.url, type, body].filter(Boolean).join(' ').replaceAll(live.row.uuid, 'U'));
    const answer = await fetch(upstream + request.url, {
      method: request.method ?? 'GET',
      headers: { 'x-auth-token': String(token), ...(type && { 'content-type': type }) },
      ...(body && { body }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
  const server = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = JSON.parse(await live.read('env.json'));
  const domain = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(live.path('env.json'), JSON.stringify({ ...env, PU_DOMAIN: domain }));
  try {
    await live.client.settings.loadFromFile();
    await act(live.client, requests);
  } finally {
    await live.stop();
    server.closeAllConnections();
    server.close();
  }
};

describe('REST', () => {
  test('each request is exactly what the instance expects', () =>
    recorded(async ({ restClient }, requests) => {
      const node = '11111111-1111-4111-8111-111111111111';
      await restClient.setStateStorage('a "text"');
      await restClient.getStateStorage();
      await restClient.getInputByOutput(`domain/${node}/pepeunit`, { limit: 1 });
      await restClient.getInputByOutput(node);
      await restClient.getUnitsByNodes([node, node], { limit: 1, offset: 2 });
      await restClient.getUnitsByNodes([]);
      await restClient.getTargetVersion();
      const prefix = '/pepeunit/api/v1';
      const nodes = `GET ${prefix}/unit_nodes?order_by_create_date=desc&output_uuid=${node}`;
      expect(requests).toEqual([
        `POST ${prefix}/units/set_state_storage/U application/json {"state":"a \\"text\\""}`,
        `GET ${prefix}/units/get_state_storage/U`,
        `${nodes}&limit=1&offset=0`,
        `${nodes}&limit=10&offset=0`,
        `GET ${prefix}/units?is_include_output_unit_nodes=true&order_by_unit_name=asc&order_by_create_date=desc` +
          `&order_by_last_update=desc&limit=1&offset=2&unit_node_uuids=${node}&unit_node_uuids=${node}`,
        `GET ${prefix}/units/get_target_version/U`,
      ]);
    }));
});
