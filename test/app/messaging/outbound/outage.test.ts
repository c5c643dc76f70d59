import { expect, test } from 'vitest';
import { createTestUnit } from '../../../../app/testing.ts';
import { BrokerError } from '../../../../services/errors.ts';
import { openTestPublisher } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

const dayMs = 24 * 3_600_000;

test('a day offline at ten publishes a second: memory stays flat, and the metrics are right (M9, S1, S10)', async () => {
  const { publisher, clock, store, link, sent } = await openTestPublisher();
  const heap: number[] = [];
  for (let second = 0; second < dayMs / 1000; second += 1) {
    clock.advance(1_000);
    for (let index = 0; index < 10; index += 1) void publisher.publish('t', `${second} ${index}`, { qos: 1 });
    if (second % 60 === 0) await settle();
    if (second % 300 === 299) heap.push(process.memoryUsage().heapUsed);
  }
  await settle();
  expect(publisher.metrics()).toMatchObject({ queued: 864_000, waiting: 1_000, dropped: 863_000, sent: 0, expired: 0 });
  expect(store.messages.size).toBe(1_000);
  expect(publisher.metrics().waitingBytes).toBeLessThan(1_000 * 40);
  // What is left after each collection: 400,000 messages more would be some 80 MB.
  const [earlier, later] = [heap.slice(0, 144), heap.slice(144)].map((half) => Math.min(...half));
  expect((later ?? 0) - (earlier ?? 0)).toBeLessThan(16 * 1024 * 1024);
  publisher.attach(link);
  while (sent.length < 1_000) await settle();
  expect(sent.at(0)).toBe('t 86300 0');
  expect(sent.at(-1)).toBe('t 86399 9');
  expect(publisher.metrics()).toMatchObject({ waiting: 0, sent: 1_000 });
});

test('a whole unit goes through an hour offline, and sends what waits when the broker is back (M9, M10)', async () => {
  const { client, world } = createTestUnit({ ffConsoleLogEnable: false, ffMqttLogEnable: false });
  await client.ready();
  world.broker.refuse(new BrokerError('network', 'no route'));
  world.broker.cut();
  for (let second = 0; second < 3_600; second += 1) {
    world.clock.advance(1_000);
    void client.publishToTopics('output/pepeunit', String(second), { qos: 1 });
    await settle();
  }
  expect(client.mqttClient.metrics()).toMatchObject({ waiting: 1_000, dropped: 2_600 });
  world.broker.refuse(undefined);
  const [topic] = client.schema.outputTopic['output/pepeunit'] ?? [];
  const arrived = () =>
    world.broker.published
      .filter((message) => message.topic === topic)
      .map(({ payload }) => Number(new TextDecoder().decode(payload)));
  for (let second = 0; second < 300 && arrived().length < 1_000; second += 1) {
    for (let step = 0; step < 20; step += 1) {
      world.clock.advance(50);
      await settle();
    }
  }
  expect(arrived()).toEqual(Array.from({ length: 1_000 }, (_, index) => 2_600 + index));
  await client.stopMainCycle();
});

test('a restart leaves the outbox to the next program, and takes it back when it fails', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  let wasOpen = true;
  Object.assign(world.process, {
    restart: () => {
      wasOpen = world.outbox.isOpen;
      return Promise.reject(new Error('no'));
    },
  });
  await expect(client.restartDevice()).rejects.toThrow('no');
  await settle();
  expect({ wasOpen, isOpen: world.outbox.isOpen }).toEqual({ wasOpen: false, isOpen: true });
  await client.stopMainCycle();
  expect(world.outbox.isOpen).toBe(false);
});

test('a unit that is offline and idle lets go of what is too old, in memory and in the store (S6, M9)', async () => {
  const { client, world } = createTestUnit({ outbox: { ageMs: 60_000 }, ffMqttLogEnable: false });
  await client.ready();
  world.broker.refuse(new BrokerError('network', 'no route'));
  world.broker.cut();
  await client.publishToTopics('output/pepeunit', 'x');
  expect(world.outbox.messages.size).toBe(1);
  for (let second = 0; second < 75; second += 1) {
    world.clock.advance(1_000);
    await settle();
  }
  expect(world.outbox.messages.size).toBe(0);
  expect(client.metrics()).toMatchObject({ outbox: { waiting: 0, expired: 1 } });
  await client.stopMainCycle();
});
