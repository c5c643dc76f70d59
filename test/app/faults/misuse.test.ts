import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Payload } from '../../../app/client/api/mqtt-client.ts';
import type { LogOptions, PublishOptions } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

const unprintable: unknown = Object.create(null);

const misuses: Readonly<Record<string, readonly [topic: unknown, message: unknown, options?: unknown]>> = {
  'no topic': [undefined, 'x'],
  'a symbol for a topic': [Symbol('topic'), 'x'],
  'a topic that can not be printed': [unprintable, 'x'],
  'an empty topic': ['', 'x'],
  'a wildcard': ['a/#', 'x'],
  'no message': ['a/b', undefined],
  'an object for a message': ['a/b', { temperature: 21 }],
  'a buffer that is no bytes': ['a/b', new ArrayBuffer(2)],
  'a view that is no bytes': ['a/b', new DataView(new ArrayBuffer(2))],
  'a proxy of bytes': ['a/b', new Proxy(new Uint8Array(2), {})],
  'an object that only looks like bytes': ['a/b', Object.create(Uint8Array.prototype)],
  'a message that can not be printed': ['a/b', unprintable],
  'null for options': ['a/b', 'x', null],
  'a qos that is none': ['a/b', 'x', { qos: 7 }],
  'a qos that is a text': ['a/b', 'x', { qos: '1' }],
};

describe('misuse by a program without types', () => {
  let live: LiveUnit;
  beforeEach(async () => {
    live = await createLiveUnit();
    await live.client.ready();
    const own = live.topic('output_topic', 'output/pepeunit');
    const last = await live.client.mqttClient.publishDetailed(own, 'x', { qos: 1, until: 'settled' });
    expect(last).toEqual({ outcome: 'delivered' });
  });
  afterEach(() => live.stop());

  test.each(Object.entries(misuses))(
    '%s is refused, and costs neither the link nor the messages after it',
    async (_, [topic, message, options]) => {
      const { client } = live;
      let isLost = false;
      client.on('offline', () => (isLost = true));
      const { outcome } = await client.mqttClient.publishDetailed(
        topic as string,
        message as Payload,
        options as PublishOptions | undefined,
      );
      expect(outcome).toBe('refused');
      const own = live.topic('output_topic', 'output/pepeunit');
      expect(await client.mqttClient.publishDetailed(own, 'after', { qos: 1 })).toEqual({ outcome: 'delivered' });
      expect(isLost).toBe(false);
    },
  );

  test('a subscription that is no topic costs neither the link nor the other topics', async () => {
    const { client } = live;
    let isLost = false;
    client.on('offline', () => (isLost = true));
    const own = live.topic('output_topic', 'output/pepeunit');
    const seen: string[] = [];
    client.setMqttInputHandler((_unit, message) => seen.push(message.text()));
    client.mqttClient.subscribeTopics([undefined, Symbol('x'), 5, own] as unknown as string[]);
    await until(async () => {
      await client.mqttClient.publishDetailed(own, 'echo', { qos: 1 });
      return seen.includes('echo');
    });
    expect(isLost).toBe(false);
  });
});

test.each([undefined, null, Symbol('key'), unprintable, 5])('nothing is published for the key %o', async (key) => {
  const { client } = createTestUnit();
  await expect(client.publishToTopics(key as string, 'x')).resolves.toBe(false);
  await client.stopMainCycle();
});

test('a log call takes anything and never throws (L6)', async () => {
  const { client, world } = createTestUnit();
  client.logger.info(unprintable);
  client.logger.info(Symbol('x'));
  client.logger.info('x', null as unknown as LogOptions);
  client.logger.info('x', 5 as unknown as LogOptions);
  expect(world.console.entries).toHaveLength(4);
  await client.stopMainCycle();
});

test.each([undefined, null, 5, 'input/pepeunit', unprintable])(
  'topics that are no list are told: %o',
  async (topics) => {
    const { client, world } = createTestUnit();
    await client.ready();
    const before = world.broker.subscribes.length;
    client.mqttClient.subscribeTopics(topics as string[]);
    client.mqttClient.unsubscribeTopics(topics as string[]);
    const told = world.console.entries.filter(({ text }) => text.includes('a list of topics is needed'));
    expect(told).toHaveLength(2);
    expect(world.broker.subscribes).toHaveLength(before);
    await client.stopMainCycle();
  },
);
