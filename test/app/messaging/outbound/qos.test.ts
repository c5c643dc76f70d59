import { expect, test } from 'vitest';
import { createTestUnit } from '../../../../app/testing.ts';
import type { OutboxOptions } from '../../../../app/messaging/outbound/options.ts';

/** Publishes one message of each kind. @returns The quality of service at which each arrived. */
const arrivedAt = async (outbox: OutboxOptions) => {
  const { client, world } = createTestUnit({ outbox, ffConsoleLogEnable: false });
  await client.ready();
  const [output = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
  await client.publishToTopics('output/pepeunit', 'by default');
  await client.publishToTopics('output/pepeunit', 'as told', { qos: 2 });
  await client.publishToTopics('output/pepeunit', 'retained', { retain: true });
  await client.mqttClient.publishDetailed(output, 'past the keys');
  const of = (isWanted: (topic: string, text: string) => boolean) =>
    world.broker.published.find(({ topic, payload }) => isWanted(topic, new TextDecoder().decode(payload)))?.qos;
  const kinds = {
    byDefault: of((_, text) => text === 'by default'),
    asTold: of((_, text) => text === 'as told'),
    retained: of((_, text) => text === 'retained'),
    pastTheKeys: of((_, text) => text === 'past the keys'),
    log: of((_, text) => text.includes('Settings loaded')),
    state: of((topic) => topic.includes('state/pepeunit')),
  };
  await client.stopMainCycle();
  return kinds;
};

test('outputs and the log go at QoS 1, the state and single topics at 0 (M6, S5)', async () => {
  expect(await arrivedAt({})).toEqual({ byDefault: 1, asTold: 2, retained: 1, pastTheKeys: 0, log: 1, state: 0 });
});

test('the outbox names another QoS for outputs, and a policy one for its own topic', async () => {
  expect(await arrivedAt({ qos: 0 })).toMatchObject({ byDefault: 0, asTold: 2, retained: 0, log: 1, state: 0 });
  const policies = {
    'output/pepeunit': { keep: 'latest', qos: 2 },
    'state/pepeunit': { keep: 'latest', qos: 1 },
    'log/pepeunit': 'queue',
  } as const;
  expect(await arrivedAt({ qos: 0, policies })).toMatchObject({ byDefault: 2, pastTheKeys: 0, log: 1, state: 1 });
});
