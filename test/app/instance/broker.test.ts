import { connect as connectTcp, type Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import { sign } from 'hono/jwt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { addUnit, connectUnit, startTestInstance } from '../../support/instance.ts';

const refusalOf = (url: string, username: string | undefined, protocolVersion: 3 | 4 | 5 = 4): Promise<unknown> =>
  connectAsync(
    url,
    { ...(username === undefined ? {} : { username, password: '' }), reconnectPeriod: 0, protocolVersion },
    false,
  ).then(
    () => 'connected',
    (error: unknown) => error,
  );

/** A text as MQTT writes it: two bytes of length, then the text. */
const mqttText = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);

const rawSocket = (url: string): Promise<Socket> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connectTcp(Number(port), hostname, () => resolve(socket));
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  });

describe.each(['mqttUrl', 'webSocketUrl'] as const)('a unit over %s', (url) => {
  it('connects with its token, subscribes to all of its topics in one packet and hears its own output', async () => {
    const { instance, of } = await startTestInstance();
    const unit = await addUnit(instance);
    const link = await connectUnit(instance[url], unit.token);
    const topics = Object.values(instance.operator.getSchema(unit.uuid) as Record<string, Record<string, string[]>>)
      .flatMap((section) => Object.values(section))
      .flat();
    expect(topics).toHaveLength(11);
    expect(await link.subscribe(...topics)).toEqual(topics.map(() => 1));

    await link.client.publishAsync(unit.topic('out/pepeunit'), '21.5', { qos: 1 });
    await until(() => link.received.length === 1);
    expect(link.received).toEqual([{ topic: unit.topic('out/pepeunit'), text: '21.5' }]);
    expect(of('connect')).toMatchObject([{ unit: unit.uuid, clientId: unit.uuid, protocol: 4 }]);
    expect(of('published')).toMatchObject([{ unit: unit.uuid, key: 'out/pepeunit', denied: false, qos: 1 }]);
    expect(of('delivered')).toMatchObject([{ unit: unit.uuid, topic: unit.topic('out/pepeunit') }]);
    expect(of('fault')).toEqual([]);

    await link.client.unsubscribeAsync(unit.topic('plain_in'));
    await link.client.endAsync();
    await until(() => of('disconnect').length === 1);
    expect(of('unsubscribed')).toMatchObject([{ unit: unit.uuid, topic: unit.topic('plain_in') }]);
    expect(of('disconnect')).toMatchObject([{ unit: unit.uuid, reason: undefined }]);
  });

  it('is refused in CONNACK with a token that is missing, of another secret, of a user or of nobody', async () => {
    const { instance, of } = await startTestInstance({ secret: 'the secret' });
    const unit = await addUnit(instance);
    const forged = await sign({ uuid: unit.uuid, type: 'Unit' }, 'another secret', 'HS256');
    const nobody = await sign({ uuid: '00000000-0000-4000-8000-000000000000', type: 'Unit' }, 'the secret', 'HS256');
    const [header, , signature] = unit.token.split('.');
    const unsigned = `${header}.${unit.token.split('.')[1]}.`;
    for (const token of [undefined, '', 'nonsense', forged, unsigned, `${header}..${signature}`]) {
      expect(await refusalOf(instance[url], token)).toMatchObject({ code: 4 });
    }
    for (const token of [nobody, instance.operator.token]) {
      expect(await refusalOf(instance[url], token)).toMatchObject({ code: 5 });
    }
    expect(of('connect')).toEqual([]);
    expect(of('refused').length).toBeGreaterThanOrEqual(8);
    expect(JSON.stringify(of('refused'))).not.toContain(forged);
  });

  it('is served MQTT 5, and told the limits of the platform (M8)', async () => {
    const { instance, of } = await startTestInstance({ packetLimit: 2048 });
    const unit = await addUnit(instance);
    const link = await connectUnit(instance[url], unit.token, { protocolVersion: 5 });
    expect(link.connack.properties).toMatchObject({ maximumPacketSize: 2048, receiveMaximum: 32 });
    expect(await link.subscribe(unit.topic('set/pepeunit'))).toEqual([1]);
    const properties = { userProperties: { from: 'жук' } };
    await link.client.publishAsync(unit.topic('set/pepeunit'), 'on', { qos: 2, properties });
    await until(() => link.received.length === 1);
    expect(of('connect')).toMatchObject([{ unit: unit.uuid, protocol: 5 }]);
    expect(of('published')).toMatchObject([{ unit: unit.uuid, key: 'set/pepeunit', qos: 2, denied: false }]);
  });

  it('is told in CONNACK that MQTT 5 is not spoken here, where 3.1.1 was asked for, and gets in with that (M8)', async () => {
    const { instance, of } = await startTestInstance({ protocol: 4 });
    const unit = await addUnit(instance);
    expect(await refusalOf(instance[url], unit.token, 5)).toMatchObject({ code: 1 });
    expect(of('refused')).toMatchObject([{ reason: 'unacceptable protocol version' }]);
    const link = await connectUnit(instance[url], unit.token);
    expect(link.isOpen()).toBe(true);
  });

  it.each([4, 5] as const)('is told why a packet above the limit ends its link, by MQTT level %i', async (level) => {
    const { instance, of } = await startTestInstance({ packetLimit: 2048 });
    const unit = await addUnit(instance);
    const { client, isOpen } = await connectUnit(instance[url], unit.token, { protocolVersion: level });
    const told: unknown[] = [];
    client.on('error', (error) => told.push(error));
    client.on('disconnect', ({ reasonCode }) => told.push(reasonCode));
    // Above four times the limit, the WebSocket server itself ends the connection, by its own code.
    client.publish(unit.topic('out/pepeunit'), 'x'.repeat(url === 'mqttUrl' ? 2_000_000 : 4 * 2048 - 1));
    await until(() => !isOpen());
    await until(() => of('disconnect').length === 1);
    expect(told).toEqual(level === 5 ? [0x95] : []);
    expect(of('disconnect')[0]?.reason).toContain("above the broker's 2048");
  });

  it('loses its connection over a packet above the limit, and nobody receives it', async () => {
    const { instance, of } = await startTestInstance({ packetLimit: 2048 });
    const unit = await addUnit(instance);
    const topic = unit.topic('out/pepeunit');
    const listener = await connectUnit(instance[url], unit.token, { as: 'listener' });
    await listener.subscribe(topic);
    const link = await connectUnit(instance[url], unit.token);
    const fitting = 2048 - 3 - 2 - Buffer.byteLength(topic);
    link.client.publish(topic, 'x'.repeat(fitting));
    await until(() => listener.received.length === 1);
    link.client.publish(topic, 'x'.repeat(fitting + 1));
    await until(() => !link.isOpen());
    await until(() => of('disconnect').length === 1);
    expect(of('disconnect')[0]?.reason).toContain('2049 bytes');
    expect(listener.received.map(({ text }) => text.length)).toEqual([fitting]);
    expect(listener.isOpen()).toBe(true);
  });
});

it('ends the connection at the header of a packet that is too large, without waiting for its body', async () => {
  const { instance } = await startTestInstance();
  const unit = await addUnit(instance);
  const socket = await rawSocket(instance.mqttUrl);
  const connack = new Promise((resolve) => socket.once('data', resolve));
  const userName = 0x80;
  const body = Buffer.concat([
    mqttText('MQTT'),
    Buffer.from([4, userName | 2, 0, 60]),
    mqttText(unit.uuid),
    mqttText(unit.token),
  ]);
  socket.write(Buffer.concat([Buffer.from([0x10, (body.length % 128) | 128, Math.floor(body.length / 128)]), body]));
  expect(await connack).toEqual(Buffer.from([0x20, 0x02, 0x00, 0x00]));
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
  socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
  expect(await closed).toBe('closed');
});

it('ends a connection that says something else than CONNECT first, or nonsense', async () => {
  const { instance } = await startTestInstance();
  for (const bytes of [
    [0xc0, 0x00],
    [0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
    [0x00, 0x00],
  ]) {
    const socket = await rawSocket(instance.mqttUrl);
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
    socket.write(Buffer.from(bytes));
    expect(await closed).toBe('closed');
  }
});

it('a second connection with the same client id takes over from the first (M17)', async () => {
  const { instance, of } = await startTestInstance();
  const unit = await addUnit(instance);
  const first = await connectUnit(instance.mqttUrl, unit.token);
  const second = await connectUnit(instance.mqttUrl, unit.token);
  await until(() => !first.isOpen());
  expect(second.isOpen()).toBe(true);
  await second.subscribe(unit.topic('set/pepeunit'));
  await instance.operator.setStateInput(unit.node('set/pepeunit'), 'on');
  await until(() => second.received.length === 1);
  expect(of('connect')).toHaveLength(2);
});

it('holds a client to 30 messages a second when asked to, without losing any', async () => {
  const { instance } = await startTestInstance({ limits: true });
  const unit = await addUnit(instance);
  const listener = await connectUnit(instance.mqttUrl, unit.token, { as: 'listener' });
  await listener.subscribe(unit.topic('out/pepeunit'));
  const link = await connectUnit(instance.mqttUrl, unit.token, { as: 'sender' });
  const before = performance.now();
  const burst = Array.from({ length: 60 }, (_, index) => `${index}`);
  for (const text of burst) await link.client.publishAsync(unit.topic('out/pepeunit'), text, { qos: 1 });
  await until(() => listener.received.length === 60);
  expect(performance.now() - before).toBeGreaterThan(800);
  expect(listener.received.map(({ text }) => text)).toEqual(burst);
});

it('passes ten thousand messages on in order, with 200 topics subscribed in one packet', async () => {
  const { instance } = await startTestInstance();
  const unit = await addUnit(instance);
  const topic = unit.topic('out/pepeunit');
  const listener = await connectUnit(instance.mqttUrl, unit.token, { as: 'listener' });
  const many = Array.from({ length: 200 }, (_, index) => `${instance.domain}/no-${index}`);
  expect(await listener.subscribe(topic, ...many)).toEqual([1, ...many.map(() => 128)]);
  const link = await connectUnit(instance.mqttUrl, unit.token, { as: 'sender' });
  const texts = Array.from({ length: 10_000 }, (_, index) => `${index}`);
  texts.forEach((text) => link.client.publish(topic, text));
  await until(() => listener.received.length === texts.length);
  expect(listener.received.map(({ text }) => text)).toEqual(texts);
});
