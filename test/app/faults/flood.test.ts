import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';

test.each([true, false])(
  'a full outbox is told once, though the warning is published itself; online: %s (S1, C17)',
  async (isOnline) => {
    const { client, world } = createTestUnit({ outbox: { messages: 20 } });
    if (isOnline) await client.ready();
    else await client.settings.loadFromFile();
    await client.schema.updateFromFile();
    const [topic = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
    const results = await Promise.allSettled(
      Array.from({ length: 300 }, () => client.mqttClient.publishDetailed(topic, 'x', { qos: 1 })),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    const { waiting, dropped } = client.metrics().outbox;
    expect({ waiting, isDropping: dropped > 0 }).toEqual({ waiting: 20, isDropping: true });
    await client.stopMainCycle();
    const told = (await client.logger.getFullLog()).filter(({ text }) => String(text).includes('messages is full'));
    expect(told).toHaveLength(1);
    expect(world.clock.pending).toBe(0);
  },
);
