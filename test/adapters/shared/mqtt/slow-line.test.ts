import { expect, test } from 'vitest';
import { startAedes } from '../../../support/aedes-broker.ts';
import { later, open, optionsFor } from '../../../support/mqtt.ts';
import { laySlowLine } from '../../../support/slow-line.ts';

/** A link over a slow line to a real broker, with what arrived at each end. */
const linkOver = async (bytesPerSecond: number, backPerSecond?: number) => {
  const { aedes, port } = later(await startAedes());
  const line = later(await laySlowLine(port, bytesPerSecond, backPerSecond));
  const arrived: number[] = [];
  const came: number[] = [];
  const ends: Error[] = [];
  aedes.on('publish', ({ topic, payload }, client) => {
    if (client && topic === 't') arrived.push(payload.length);
  });
  const link = await open(optionsFor(line.port, { timeoutMs: 1000 }), {
    onMessage: (_topic, payload) => void came.push(payload.length),
    onClosed: (error) => ends.push(error),
  });
  const send = (...sizes: number[]) => sizes.map((bytes) => link.publish('t', 'x'.repeat(bytes), { qos: 1 }));
  return { aedes, line, link, arrived, came, ends, send };
};

test('a message that a slow line takes long for arrives on the first connection, and small ones behind it (M20)', async () => {
  const { line, link, arrived, ends, send } = await linkOver(2000);
  const sent = send(8000, 10, 20);
  await link.ping();
  await Promise.all([...sent, link.subscribe(['u'])]);
  await link.ping();
  expect(arrived).toEqual([8000, 10, 20]);
  expect(ends).toEqual([]);
  expect(line.connections()).toBe(1);
}, 30_000);

test('messages of QoS 0 that the line still carries prolong the time of what is behind them (M20)', async () => {
  const { link, arrived, ends, send } = await linkOver(2000);
  await link.publish('t', 'x'.repeat(8000));
  expect(link.publishNow('t', 'x'.repeat(4000), false)).toBe(true);
  // No answer can come before; what would end a dead link is on its way all the same.
  await link.ping();
  expect(arrived).toEqual([]);
  await Promise.all([...send(10), link.subscribe(['u'])]);
  expect(arrived).toEqual([8000, 4000, 10]);
  expect(ends).toEqual([]);
}, 30_000);

test('what arrives prolongs the time of an answer that has to wait behind it (M20)', async () => {
  const { aedes, link, came, ends, send } = await linkOver(100_000, 2000);
  await link.subscribe(['to/unit']);
  const answered = new Promise((resolve) => {
    aedes.publish(
      { cmd: 'publish', topic: 'to/unit', payload: Buffer.alloc(8000), qos: 0, dup: false, retain: false },
      resolve,
    );
  });
  await answered;
  await Promise.all(send(10));
  expect(came).toEqual([8000]);
  expect(ends).toEqual([]);
}, 30_000);
