import { expect, test } from 'vitest';
import { startAedes } from '../../../support/aedes-broker.ts';
import { deaf, later, open, optionsFor } from '../../../support/mqtt.ts';
import { laySlowLine } from '../../../support/slow-line.ts';

test('a message that a slow line takes long for arrives on the first connection, and small ones behind it (M20)', async () => {
  const broker = later(await startAedes());
  const line = later(await laySlowLine(broker.port, 2000));
  const arrived: number[] = [];
  broker.aedes.on('publish', ({ payload }, client) => {
    if (client) arrived.push(payload.length);
  });
  const ends: Error[] = [];
  const options = optionsFor(line.port, { timeoutMs: 1000 });
  const link = await open(options, { ...deaf, onClosed: (error) => ends.push(error) });
  const sent = [8000, 10, 20].map((bytes) => link.publish('t', 'x'.repeat(bytes), { qos: 1 }));
  await link.ping();
  await Promise.all([...sent, link.subscribe(['u'])]);
  await link.ping();
  expect(arrived).toEqual([8000, 10, 20]);
  expect(ends).toEqual([]);
  expect(line.connections()).toBe(1);
}, 30_000);
