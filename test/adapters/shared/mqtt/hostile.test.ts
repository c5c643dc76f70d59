import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import tls from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { mqttBroker } from '../../../../adapters/shared/mqtt/broker.ts';
import type { MqttVersion } from '../../../../services/broker.ts';
import { BrokerError } from '../../../../services/errors.ts';
import { startAedes } from '../../../support/aedes-broker.ts';
import { clientId, deaf, failure, generate, later, open, optionsFor, username } from '../../../support/mqtt.ts';
import { startRecordingProxy } from '../../../support/recording-proxy.ts';
import { connack, startScriptedBroker, type ScriptedBroker } from '../../../support/scripted-broker.ts';
import { until } from '../../../support/until.ts';

const afterConnack = async (version: MqttVersion, bytes: Buffer): Promise<ScriptedBroker> =>
  later(
    await startScriptedBroker((socket, _chunk, count) => {
      if (count === 0) socket.write(Buffer.concat([connack[version], bytes]));
    }),
  );
const endOf = async (port: number, version: MqttVersion, fastPath = true): Promise<BrokerError> => {
  const ends: unknown[] = [];
  await open(optionsFor(port, { version, timeoutMs: 1000, fastPath }), {
    ...deaf,
    onClosed: (error) => ends.push(error),
  }).catch((error: unknown) => ends.push(error));
  await until(() => ends.length > 0);
  expect(ends).toHaveLength(1);
  return ends[0] as BrokerError;
};

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const resources = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'Timeout').length;
describe('hostile bytes', () => {
  test('what is no MQTT at all', async () => {
    const broker = later(await startScriptedBroker((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')));
    expect((await failure(open(optionsFor(broker.port)))).code).toBe('malformed');
    await until(() => broker.open.size === 0);
  });

  test('a packet over 16 MiB is refused at its header (C7)', async () => {
    // PUBLISH with a remaining length of 16 MiB + 1.
    const broker = await afterConnack(4, Buffer.from([0x30, 0x81, 0x80, 0x80, 0x08, 0, 1, 0x61]));
    const error = await endOf(broker.port, 4);
    expect(error).toMatchObject({ code: 'malformed' });
    expect(error.message).toContain('16777217');
    await until(() => broker.open.size === 0);
  });

  test('a packet of 16 MiB comes through', async () => {
    const size = 16 * 1024 * 1024 - 3;
    const broker = await afterConnack(
      4,
      Buffer.concat([Buffer.from([0x30, 0x80, 0x80, 0x80, 0x08, 0, 1, 0x61]), Buffer.alloc(size, 'x')]),
    );
    const sizes: number[] = [];
    await open(optionsFor(broker.port), { ...deaf, onMessage: (_topic, payload) => void sizes.push(payload.length) });
    await until(() => sizes.length > 0);
    expect(sizes).toEqual([size]);
  });

  test.each<MqttVersion>([4, 5])('random bytes after CONNACK never crash, version %i', async (version) => {
    let seed = 12_345 + version;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const cut = vi.fn<(thrown: unknown) => void>();
    process.on('uncaughtException', cut).on('unhandledRejection', cut);
    for (let round = 0; round < 60; round += 1) {
      const bytes = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * (random() < 0.5 ? 8 : 256))));
      const broker = await startScriptedBroker((socket, _chunk, count) => {
        if (count === 0) socket.end(Buffer.concat([connack[version], bytes]));
      });
      expect(await endOf(broker.port, version)).toBeInstanceOf(BrokerError);
      await broker.stop();
    }
    process.off('uncaughtException', cut).off('unhandledRejection', cut);
    expect(cut).not.toHaveBeenCalled();
  });
});

describe.each([true, false])('with the fast path: %s (C7)', (fastPath) => {
  test.each<[string, number[]]>([
    ['a message of QoS 1', [0x32, 3, 0, 1, 0x61]],
    ['a message of QoS 2', [0x34, 3, 0, 1, 0x61]],
    ['PUBREL', [0x62, 0]],
  ])('%s without a packet identifier ends the link, not the program', async (_, bytes) => {
    const broker = await afterConnack(4, Buffer.from(bytes));
    expect(await endOf(broker.port, 4, fastPath)).toMatchObject({ code: 'malformed' });
    await until(() => broker.open.size === 0);
  });

  test('messages of QoS 2 in the packets behind the one that ends the link are passed over', async () => {
    const message = generate(
      { cmd: 'publish', topic: 'a', payload: 'x', qos: 2, messageId: 1 },
      { protocolVersion: 5 },
    );
    const broker = await afterConnack(5, Buffer.concat([Buffer.from([0xe0, 2, 0x8b, 0]), message, message]));
    expect(await endOf(broker.port, 5, fastPath)).toMatchObject({ code: 'closed', reasonCode: 0x8b });
    await until(() => broker.open.size === 0);
  });

  test('what was acknowledged goes out before the packet behind it ends the link', async () => {
    const inVersion5 = { protocolVersion: 5 };
    const message = { cmd: 'publish', topic: 'a', payload: 'x' };
    const properties = { contentType: 'text/plain' };
    const bytes = [
      generate({ ...message, qos: 0, properties }, inVersion5),
      generate({ ...message, qos: 1, messageId: 7, properties }, inVersion5),
      generate({ ...message, qos: 0, properties: { topicAlias: 1 } }, inVersion5),
    ];
    const broker = await afterConnack(5, Buffer.alloc(0));
    const ends: Error[] = [];
    await open(optionsFor(broker.port, { version: 5, fastPath }), { ...deaf, onClosed: (error) => ends.push(error) });
    for (const socket of broker.open) socket.write(Buffer.concat(bytes));
    await until(() => broker.open.size === 0);
    expect(ends).toMatchObject([{ code: 'malformed', reasonCode: 0x94 }]);
    expect(broker.received().subarray(-4).toString('hex')).toBe('40020007');
  });

  test('a packet over the limit is told of once, whatever comes behind it', async () => {
    const header = Buffer.from([0x30, 0x81, 0x80, 0x80, 0x08]);
    const broker = await afterConnack(4, Buffer.concat([header, Buffer.alloc(100, 0xff), header]));
    expect((await endOf(broker.port, 4, fastPath)).message).toContain('16777217');
  });
});

describe('TLS (C5)', () => {
  const ca = fixture('ca.pem');
  const start = async (scheme: 'mqtts' | 'wss', certificate = 'server.pem') => {
    const { aedes } = later(await startAedes());
    const options = { key: fixture('server.key'), cert: fixture(certificate) };
    const secure =
      scheme === 'mqtts'
        ? tls.createServer(options, (socket) => void aedes.handle(socket))
        : https.createServer(options);
    if (secure instanceof https.Server) {
      const sockets = new WebSocketServer({ server: secure as unknown as http.Server });
      sockets.on('connection', (socket, request) => void aedes.handle(createWebSocketStream(socket), request));
    }
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    later({ stop: () => secure.close() });
    return `${scheme}://127.0.0.1:${(secure.address() as net.AddressInfo).port}`;
  };

  test.each(['mqtts', 'wss'] as const)('%s: a certificate is verified by default', async (scheme) => {
    const url = await start(scheme);
    expect((await failure(open(optionsFor(0, { url })))).code).toBe('tls');
    expect((await failure(open(optionsFor(0, { url, tls: {} })))).code).toBe('tls');
    const link = await open(optionsFor(0, { url, tls: { ca } }));
    await link.publish('a', 'x', { qos: 1 });
  });

  test.each(['mqtts', 'wss'] as const)(
    '%s: a certificate of another name is refused, unless that is asked for',
    async (scheme) => {
      const url = await start(scheme, 'other-name.pem');
      expect((await failure(open(optionsFor(0, { url, tls: { ca } })))).code).toBe('tls');
      await open(optionsFor(0, { url, tls: { ca: [ca], serverName: 'other.test' } }));
    },
  );

  test('TLS to a broker that has none, and certificates that are none', async () => {
    const plain = later(await startAedes());
    const url = `mqtts://127.0.0.1:${plain.port}`;
    expect(['tls', 'closed', 'network', 'timeout']).toContain(
      (await failure(open(optionsFor(0, { url, timeoutMs: 1000 })))).code,
    );
    expect((await failure(open(optionsFor(0, { url, tls: { ca: 'x', cert: 'y', key: 'z' } })))).code).toBe('tls');
  });
});

describe('addresses', () => {
  test.each(['', 'nonsense', 'http://x', 'mqtt://', 'tcp://127.0.0.1'])('%j is none', async (url) => {
    expect((await failure(open(optionsFor(0, { url })))).code).toBe('network');
  });

  test('what the address says of users, passwords and clients is passed over', async () => {
    const proxy = later(await startRecordingProxy(later(await startAedes()).port, 4));
    await open(optionsFor(0, { url: `mqtt://someone:else@127.0.0.1:${proxy.port}/?clientId=other` }));
    expect(proxy.connection.sent[0]).toMatchObject({ username, password: Buffer.alloc(0), clientId });
  });

  test('a port that no one listens on, and a WebSocket that is none', async () => {
    const broker = await startScriptedBroker((socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'),
    );
    const url = `ws://127.0.0.1:${broker.port}/mqtt`;
    expect((await failure(open(optionsFor(0, { url })))).code).toBe('network');
    await broker.stop();
    expect((await failure(open(optionsFor(broker.port)))).code).toBe('network');
  });
});

test('a hundred links leave nothing behind (M15)', async () => {
  const broker = later(await startAedes());
  const { signal } = new AbortController();
  const cycle = async (round: number) => {
    const link = await mqttBroker().open(optionsFor(broker.port), deaf, signal);
    await link.subscribe(['a']);
    await link.publish('a', 'x', { qos: 1 });
    await link.close();
    await failure(
      mqttBroker().open(optionsFor(broker.port, { username: 'wrong', clientId: `x${round}` }), deaf, signal),
    );
  };
  await cycle(0);
  await until(() => broker.aedes.connectedClients === 0);
  const before = resources();
  for (let round = 1; round <= 100; round += 1) await cycle(round);
  await until(() => broker.aedes.connectedClients === 0 && resources() <= before);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

const repeated = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));

describe.each<MqttVersion>([4, 5])('a broker of MQTT level %i that sends without end (M21)', (version) => {
  const bytesOf = (packet: object) => generate(packet, { protocolVersion: version });
  const unreleased = (count: number, bytes: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, at) =>
        bytesOf({ cmd: 'publish', topic: 'a', payload: Buffer.alloc(bytes), qos: 2, messageId: at + 1 }),
      ),
    );

  test.each([
    ['33 messages of QoS 2 without PUBREL', unreleased(33, 10)],
    ['messages of QoS 2 without PUBREL, over 16 MiB', unreleased(3, 8 * 1024 * 1024)],
    ['PINGRESP', repeated(bytesOf({ cmd: 'pingresp' }), 10_000)],
    ['PUBACK', repeated(bytesOf({ cmd: 'puback', messageId: 7 }), 10_000)],
    ['PUBREL', repeated(bytesOf({ cmd: 'pubrel', messageId: 7 }), 10_000)],
  ])('%s: the link ends', async (_, bytes) => {
    const broker = await afterConnack(version, bytes);
    expect(await endOf(broker.port, version)).toMatchObject({ code: 'malformed' });
    await until(() => broker.open.size === 0);
  });

  test('32 messages of QoS 2 are kept until their PUBREL, and more may follow', async () => {
    const releases = Array.from({ length: 32 }, (_, at) => bytesOf({ cmd: 'pubrel', messageId: at + 1 }));
    const round = Buffer.concat([unreleased(32, 10), ...releases]);
    const broker = await afterConnack(version, repeated(round, 3));
    let came = 0;
    const ends: Error[] = [];
    await open(optionsFor(broker.port, { version }), {
      onMessage: () => void (came += 1),
      onClosed: (error) => ends.push(error),
    });
    await until(() => came === 96);
    expect(ends).toEqual([]);
  });

  test('timers and a stop have their turn among messages', async () => {
    const broker = await afterConnack(
      version,
      repeated(bytesOf({ cmd: 'publish', topic: 'a', payload: 'x' }), 200_000),
    );
    let came = 0;
    let cameWhenClosed = 0;
    const link = await open(optionsFor(broker.port, { version }), { ...deaf, onMessage: () => void (came += 1) });
    await until(() => came > 0);
    await link.close();
    cameWhenClosed = came;
    expect(cameWhenClosed).toBeLessThan(100_000);
    await until(() => broker.open.size === 0);
    expect(came).toBe(cameWhenClosed);
  });
});
