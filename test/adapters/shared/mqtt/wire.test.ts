import { describe, expect, test } from 'vitest';
import type { MqttVersion } from '../../../../services/broker.ts';
import { BrokerError } from '../../../../services/errors.ts';
import { startAedes } from '../../../support/aedes-broker.ts';
import { describeWithMosquitto, startMosquitto } from '../../../support/mosquitto.ts';
import { clientId, deaf, failure, later, open, optionsFor, username } from '../../../support/mqtt.ts';
import { startRecordingProxy, type RecordingProxy } from '../../../support/recording-proxy.ts';
import { until } from '../../../support/until.ts';

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
    expect(packet).toMatchObject(version === 5 ? { properties: { sessionExpiryInterval: 0, receiveMaximum: 32 } } : {});
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

  test.each([true, false])(
    'bytes that are written at once are as they were at the call, fast path: %s',
    async (fastPath) => {
      const proxy = await recorded(await start(), version);
      const link = await open(optionsFor(proxy.port, { version, fastPath }));
      const reading = Buffer.alloc(4);
      for (let value = 1; value <= 3; value += 1) expect(link.publishNow('a', reading.fill(value), false)).toBe(true);
      reading.fill(99);
      await link.publish('b', 'x', { qos: 1 });
      const payloads = proxy.connection.sent.flatMap((packet) => (packet.cmd === 'publish' ? [packet.payload] : []));
      expect(payloads).toEqual([1, 2, 3].map((value) => Buffer.alloc(4, value)).concat(Buffer.from('x')));
    },
  );

  test('a SUBSCRIBE that would pass 128 KiB is split, in order', async () => {
    const proxy = await recorded(await start(), version);
    const link = await open(optionsFor(proxy.port, { version }));
    const topics = Array.from({ length: 3000 }, (_, at) => `${String(at).padStart(5, '0')}/${'x'.repeat(100)}`);
    expect(await link.subscribe(topics)).toHaveLength(3000);
    const subscribes = proxy.connection.sent.filter(({ cmd }) => cmd === 'subscribe');
    expect(subscribes).toHaveLength(3);
    expect(Math.max(...subscribes.map(({ length = 0 }) => length))).toBeLessThan(129 * 1024);
  });

  test('messages of all sizes published in one turn arrive whole and in order', async () => {
    const proxy = await recorded(await start(), version);
    const link = await open(optionsFor(proxy.port, { version }));
    const texts = [0, 1, 63, 125, 128, 2000, 2100, 16_380, 64_000, 65_536, 70_000, 200_000, 10].map((length, at) =>
      (at % 2 === 0 ? 'x' : 'ж').repeat(length),
    );
    const published = texts.map((text, at) =>
      link.publish('a', at % 3 === 0 ? new TextEncoder().encode(text) : text, { qos: 1, retain: at % 4 === 0 }),
    );
    await Promise.all(published);
    const sent = proxy.connection.sent.filter((packet) => packet.cmd === 'publish');
    expect(sent.map(({ payload }) => payload.toString())).toEqual(texts);
    expect(sent.map(({ retain }) => retain)).toEqual(texts.map((_, at) => at % 4 === 0));
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

describe.each([4, 5] as const)('on the wire, aedes, MQTT level %i', (version) => {
  wireTests(version, async () => later(await startAedes()).port);
});
describeWithMosquitto('messages of QoS 2 on mosquitto, which takes 20 at a time by default', () => {
  test.each([4, 5] as const)('MQTT level %i: none of a burst is acknowledged and lost', async (version) => {
    const { port } = later(await startMosquitto());
    const seen: string[] = [];
    const onMessage = (_topic: string, payload: Uint8Array) => void seen.push(Buffer.from(payload).toString());
    const witness = await open(optionsFor(port, { clientId: 'witness' }), { ...deaf, onMessage });
    await witness.subscribe(['t']);
    const link = await open(optionsFor(port, { version }));
    const texts = Array.from({ length: 200 }, (_, at) => String(at));
    await Promise.all(texts.map((text) => link.publish('t', text, { qos: 2 })));
    await until(() => seen.length === texts.length);
    expect(seen).toEqual(texts);
  });
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
    const published = Array.from({ length: 200 }, (_, at) =>
      link.publish('a', String(at), { qos: at % 2 === 0 ? 1 : 2 }),
    );
    expect(await Promise.all(published)).toHaveLength(200);
  });

  test("what is over the broker's limits is refused here, and the link lives", async () => {
    const broker = later(await startMosquitto({ lines: ['max_packet_size 2000', 'retain_available false'] }));
    const link = await open(optionsFor(broker.port, { version: 5 }));
    expect((await failure(link.publish('a', 'x'.repeat(3000), { qos: 1 }))).reasonCode).toBe(0x95);
    expect((await failure(link.publish('a', 'x', { retain: true }))).reasonCode).toBe(0x9a);
    await link.publish('a', 'x', { qos: 1 });
  });

  test('a frozen broker is noticed by the first PINGREQ that stays without an answer (M4)', async () => {
    const broker = later(await startMosquitto());
    const proxy = await recorded(broker.port, 5);
    const ends: Error[] = [];
    const link = await open(optionsFor(proxy.port, { version: 5, keepaliveSeconds: 1, timeoutMs: 60_000 }), {
      ...deaf,
      onClosed: (error) => ends.push(error),
    });
    broker.signal('SIGSTOP');
    const waiting = failure(link.publish('a', 'x', { qos: 1 }));
    await until(() => ends.length > 0, { what: 'the end of the link' });
    expect((ends[0] as BrokerError).code).toBe('timeout');
    expect((await waiting).code).toBe('closed');
    expect(commands(proxy.connection.sent)).toEqual(['connect', 'publish', 'pingreq']);
  });
});
