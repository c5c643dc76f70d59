import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { mqttBroker } from '../../../adapters/shared/mqtt.ts';
import type { Link, LinkListener, LinkOptions, MqttVersion } from '../../../services/broker.ts';
import { BrokerError } from '../../../services/errors.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { startRecordingProxy, type RecordingProxy } from '../../support/recording-proxy.ts';
import { connack, startScriptedBroker, type ScriptedBroker } from '../../support/scripted-broker.ts';
import { until } from '../../support/until.ts';

const clientId = '0d5e3b1c-0000-4000-8000-000000000001';
const username = 'canary.token.of-a-unit';

const endings: (() => unknown)[] = [];
const later = <T extends { stop(): unknown }>(started: T): T => {
  endings.unshift(() => started.stop());
  return started;
};
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const deaf: LinkListener = { onMessage: () => undefined, onClosed: () => undefined };
const optionsFor = (port: number, changes: Partial<LinkOptions> = {}): LinkOptions => ({
  url: `mqtt://127.0.0.1:${port}`,
  version: 4,
  clientId,
  username,
  keepaliveSeconds: 60,
  timeoutMs: 5000,
  ...changes,
});
const open = async (options: LinkOptions, listener = deaf, signal = new AbortController().signal): Promise<Link> => {
  const link = await mqttBroker().open(options, listener, signal);
  endings.unshift(() => link.close());
  return link;
};
const failure = async (promise: Promise<unknown>): Promise<BrokerError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(BrokerError);
  expect(`${(thrown as Error).stack}${String((thrown as Error).cause)}`).not.toContain('canary');
  return thrown as BrokerError;
};

const recorded = async (port: number, version: MqttVersion): Promise<RecordingProxy> =>
  later(await startRecordingProxy(port, version));

const commands = (packets: readonly { cmd?: string | undefined }[]) => packets.map(({ cmd }) => cmd);

const wireTests = (version: MqttVersion, start: () => Promise<number>) => {
  test('CONNECT has the token, an empty password, the UUID, a clean session and the keep-alive', async () => {
    const proxy = await recorded(await start(), version);
    await open(optionsFor(proxy.port, { version, keepaliveSeconds: 47 }));
    const [packet] = proxy.connection.sent;
    expect(packet).toMatchObject({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      clean: true,
      clientId,
      keepalive: 47,
      username,
      password: Buffer.alloc(0),
    });
    expect(packet).not.toHaveProperty('will');
    const bytes = Buffer.concat(proxy.connection.sentBytes);
    // Connect flags: user name, password, clean session, nothing else (MQTT 3.1.1 section 3.1.2.3).
    expect(bytes[bytes.indexOf('MQTT') + 5]).toBe(0b1100_0010);
    expect(bytes.subarray(-2)).toEqual(Buffer.from([0, 0]));
    if (version === 5) expect(packet).toMatchObject({ properties: { sessionExpiryInterval: 0 } });
  });

  test('all topics go out in one SUBSCRIBE, QoS 0, and messages with retain 0', async () => {
    const proxy = await recorded(await start(), version);
    const link = await open(optionsFor(proxy.port, { version }));
    const topics = Array.from({ length: 300 }, (_, at) => `unit.test/${clientId}/${at}/pepeunit`);
    const grants = await link.subscribe(topics);
    expect(grants.every(({ granted }) => granted)).toBe(true);
    expect(grants.map(({ topic }) => topic)).toEqual(topics);
    await link.publish('a', 'x');
    await link.unsubscribe(topics);
    await link.close();
    const { sent } = proxy.connection;
    expect(commands(sent)).toEqual(['connect', 'subscribe', 'publish', 'unsubscribe', 'disconnect']);
    expect(sent[1]).toMatchObject({ subscriptions: topics.map((topic) => ({ topic, qos: 0 })) });
    expect(sent[2]).toMatchObject({ topic: 'a', qos: 0, retain: false, dup: false });
  });

  test('a SUBSCRIBE that would pass 128 KiB is split, in order', async () => {
    const proxy = await recorded(await start(), version);
    const link = await open(optionsFor(proxy.port, { version }));
    const topics = Array.from({ length: 3000 }, (_, at) => `${String(at).padStart(5, '0')}/${'x'.repeat(100)}`);
    expect(await link.subscribe(topics)).toHaveLength(3000);
    const subscribes = proxy.connection.sent.filter(({ cmd }) => cmd === 'subscribe');
    expect(subscribes).toHaveLength(3);
    expect(Math.max(...subscribes.map(({ length = 0 }) => length))).toBeLessThan(129 * 1024);
  });

  test('messages published in one turn share their writes', async () => {
    const proxy = await recorded(await start(), version);
    const link = await open(optionsFor(proxy.port, { version }));
    const before = proxy.connection.sentBytes.length;
    await Promise.all(Array.from({ length: 100 }, () => link.publish('a', 'x')));
    await until(() => commands(proxy.connection.sent).filter((cmd) => cmd === 'publish').length === 100);
    expect(proxy.connection.sentBytes.length - before).toBeLessThan(10);
  });
};

describe('on the wire, aedes, MQTT 3.1.1', () => {
  wireTests(4, async () => later(await startAedes()).port);
});
describeWithMosquitto('on the wire, mosquitto, MQTT 3.1.1', () => {
  wireTests(4, async () => later(await startMosquitto()).port);
});
describeWithMosquitto('on the wire, mosquitto, MQTT 5', () => {
  wireTests(5, async () => later(await startMosquitto()).port);

  test('refused and unheard messages are told apart (M8)', async () => {
    const acl = 'pattern readwrite open/#\n';
    const broker = later(await startMosquitto({ lines: ['acl_file %folder%/acl'], files: { acl } }));
    const link = await open(optionsFor(broker.port, { version: 5 }));
    await link.publish('open/unheard', 'x', { qos: 1 });
    await link.publish('open/unheard', 'x', { qos: 2 });
    const error = await failure(link.publish('closed', 'x', { qos: 1 }));
    expect(error).toMatchObject({ code: 'refused', reasonCode: 0x87 });
    expect((await failure(link.publish('closed', 'x', { qos: 2 }))).reasonCode).toBe(0x87);
    await link.publish('closed', 'dropped in silence');
    await link.publish('open/still', 'x', { qos: 1 });
  });

  test("a burst stays below the broker's receive maximum", async () => {
    const broker = later(await startMosquitto({ lines: ['max_inflight_messages 3'] }));
    const link = await open(optionsFor(broker.port, { version: 5 }));
    await Promise.all(
      Array.from({ length: 200 }, (_, at) => link.publish('a', String(at), { qos: ((at % 2) + 1) as 1 | 2 })),
    );
  });

  test("what is over the broker's limits is refused here, and the link lives", async () => {
    const broker = later(await startMosquitto({ lines: ['max_packet_size 2000', 'retain_available false'] }));
    const link = await open(optionsFor(broker.port, { version: 5 }));
    expect((await failure(link.publish('a', 'x'.repeat(3000), { qos: 1 }))).reasonCode).toBe(0x95);
    expect((await failure(link.publish('a', 'x', { retain: true }))).reasonCode).toBe(0x9a);
    await link.publish('a', 'x', { qos: 1 });
  });

  test('a frozen broker is noticed within one and a half keep-alives (M4)', async () => {
    const broker = later(await startMosquitto());
    const ends: Error[] = [];
    const link = await open(optionsFor(broker.port, { version: 5, keepaliveSeconds: 1 }), {
      ...deaf,
      onClosed: (error) => ends.push(error),
    });
    broker.signal('SIGSTOP');
    const begun = performance.now();
    const waiting = failure(link.publish('a', 'x', { qos: 1 }));
    await until(() => ends.length > 0);
    expect(performance.now() - begun).toBeLessThan(4000);
    expect((ends[0] as BrokerError).code).toBe('timeout');
    expect((await waiting).code).toBe('closed');
  });
});

describe('CONNACK and DISCONNECT', () => {
  const refusing = async (version: MqttVersion, reasonCode: number) =>
    later(
      await startScriptedBroker((socket) =>
        socket.end(Buffer.from(version === 5 ? [0x20, 3, 0, reasonCode, 0] : [0x20, 2, 0, reasonCode])),
      ),
    );
  const refusals: [MqttVersion, number, BrokerError['code']][] = [
    [4, 1, 'protocol'],
    [4, 2, 'refused'],
    [4, 3, 'refused'],
    [4, 4, 'credentials'],
    [4, 5, 'credentials'],
    [5, 0x84, 'protocol'],
    [5, 0x85, 'credentials'],
    [5, 0x86, 'credentials'],
    [5, 0x87, 'credentials'],
    [5, 0x8a, 'credentials'],
    [5, 0x88, 'refused'],
    [5, 0x9f, 'refused'],
  ];
  test.each(refusals)('version %i, code %i is %s (M2)', async (version, reasonCode, code) => {
    const broker = await refusing(version, reasonCode);
    expect(await failure(open(optionsFor(broker.port, { version })))).toMatchObject({ code, reasonCode });
    await until(() => broker.open.size === 0);
  });

  test('a broker of 3.1.1 alone is found out (M8)', async () => {
    const broker = later(await startAedes());
    expect((await failure(open(optionsFor(broker.port, { version: 5 })))).code).toBe('protocol');
    expect((await open(optionsFor(broker.port))).version).toBe(4);
  });

  test.each([
    [0x8e, 'takenOver'],
    [0x87, 'credentials'],
    [0x8b, 'closed'],
    [0x98, 'closed'],
  ])('a DISCONNECT with %i is %s, even where the broker stays', async (reasonCode, code) => {
    const broker = later(
      await startScriptedBroker((socket, _chunk, count) => {
        if (count === 0) socket.write(Buffer.concat([connack[5], Buffer.from([0xe0, 2, reasonCode, 0])]));
      }),
    );
    const ends: Error[] = [];
    await open(optionsFor(broker.port, { version: 5 }), { ...deaf, onClosed: (error) => ends.push(error) }).catch(
      (error: Error) => ends.push(error),
    );
    await until(() => ends.length > 0 && broker.open.size === 0);
    expect(ends).toMatchObject([{ code, reasonCode }]);
  });
});

describe('SUBACK (M7)', () => {
  test('each code is told for its topic', async () => {
    const broker = later(
      await startScriptedBroker((socket, chunk, count) => {
        if (count === 0) socket.write(connack[4]);
        else if (chunk[0] === 0x82) socket.write(Buffer.from([0x90, 5, chunk[2] ?? 0, chunk[3] ?? 0, 0, 0x80, 1]));
      }),
    );
    const link = await open(optionsFor(broker.port));
    expect(await link.subscribe(['a', 'b', 'c'])).toEqual([
      { topic: 'a', granted: true, reasonCode: 0 },
      { topic: 'b', granted: false, reasonCode: 0x80 },
      { topic: 'c', granted: true, reasonCode: 1 },
    ]);
  });

  test('a SUBACK of another length ends the link', async () => {
    const broker = later(
      await startScriptedBroker((socket, chunk, count) => {
        if (count === 0) socket.write(connack[4]);
        else socket.write(Buffer.from([0x90, 3, chunk[2] ?? 0, chunk[3] ?? 0, 0]));
      }),
    );
    const link = await open(optionsFor(broker.port));
    expect((await failure(link.subscribe(['a', 'b']))).code).toBe('closed');
  });
});

describe('silence', () => {
  test('no CONNACK within the limit, and no socket is left', async () => {
    const broker = later(await startScriptedBroker());
    expect((await failure(open(optionsFor(broker.port, { timeoutMs: 100 })))).code).toBe('timeout');
    await until(() => broker.open.size === 0);
  });

  test('a signal ends the attempt, and leaves neither socket nor listener', async () => {
    const broker = later(await startScriptedBroker());
    const abort = new AbortController();
    const attempt = open(optionsFor(broker.port), deaf, abort.signal);
    await until(() => broker.open.size === 1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    abort.abort();
    expect((await failure(attempt)).code).toBe('closed');
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
    await until(() => broker.open.size === 0);
  });

  test('unanswered calls time out, and close ends within two seconds', async () => {
    const broker = later(
      await startScriptedBroker((socket, _chunk, count) => void (count === 0 && socket.write(connack[4]))),
    );
    const link = await open(optionsFor(broker.port, { timeoutMs: 200 }));
    const calls = [link.subscribe(['a']), link.unsubscribe(['a']), link.publish('a', 'x', { qos: 1 })];
    for (const call of calls) expect((await failure(call)).code).toBe('timeout');
    const waiting = failure(link.publish('a', 'x', { qos: 1 }));
    const begun = performance.now();
    await link.close();
    expect(performance.now() - begun).toBeLessThan(2000);
    expect((await waiting).code).toBe('closed');
    expect(broker.received().subarray(-2)).toEqual(Buffer.from([0xe0, 0]));
  });

  test('a broker that reads nothing more holds publishing back, not memory or the end', async () => {
    const broker = later(
      await startScriptedBroker((socket) => {
        socket.write(connack[4]);
        socket.pause();
      }),
    );
    const warn = vi.fn();
    process.on('warning', warn);
    const link = await open(optionsFor(broker.port, { timeoutMs: 300 }));
    const large = 'x'.repeat(64 * 1024);
    const results = await Promise.allSettled(Array.from({ length: 2000 }, () => link.publish('a', large)));
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    const begun = performance.now();
    await link.close();
    expect(performance.now() - begun).toBeLessThan(2000);
    process.off('warning', warn);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('hostile bytes', () => {
  const afterConnack = async (version: MqttVersion, bytes: Buffer): Promise<ScriptedBroker> =>
    later(
      await startScriptedBroker((socket, _chunk, count) => {
        if (count === 0) socket.write(Buffer.concat([connack[version], bytes]));
      }),
    );
  const endOf = async (port: number, version: MqttVersion): Promise<BrokerError> => {
    const ends: unknown[] = [];
    await open(optionsFor(port, { version, timeoutMs: 1000 }), {
      ...deaf,
      onClosed: (error) => ends.push(error),
    }).catch((error: unknown) => ends.push(error));
    await until(() => ends.length > 0);
    expect(ends).toHaveLength(1);
    return ends[0] as BrokerError;
  };

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
    await open(optionsFor(broker.port), { ...deaf, onMessage: (_topic, payload) => sizes.push(payload.length) });
    await until(() => sizes.length > 0);
    expect(sizes).toEqual([size]);
  });

  test.each<MqttVersion>([4, 5])('random bytes after CONNACK never crash, version %i', async (version) => {
    let seed = 12_345 + version;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const cut = vi.fn();
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

describe('TLS (C5)', () => {
  const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
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
    endings.push(() => secure.close());
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
    const proxy = await recorded(later(await startAedes()).port, 4);
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
  const resources = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'Timeout').length;
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
