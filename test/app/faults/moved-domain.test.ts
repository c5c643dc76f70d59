import { expect, test } from 'vitest';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

test('what waits for the domain of before goes aside when the unit has moved to another, and the link stays (M19, S8)', async () => {
  const live = await createLiveUnit();
  const { client } = live;
  try {
    const env = await live.read('env.json');
    const schema = await live.read('schema.json');
    const { PU_DOMAIN: domain } = JSON.parse(env) as { PU_DOMAIN: string };
    await live.write('env.json', env.replaceAll(domain, 'old.example:8080'));
    await live.write('schema.json', schema.replaceAll(domain, 'old.example:8080'));
    const before = live.another({ mqtt: { brokers: ['mqtt://127.0.0.1:9'] } });
    void before.runMainCycle();
    before.logger.warning('Nobody is there');
    await until(() => before.mqttClient.metrics().waiting > 2, { what: 'a log that waits' });
    await before.publishToTopics('output/pepeunit', 'early');
    await before.stopMainCycle();

    await live.write('env.json', env);
    await live.write('schema.json', schema);
    let denials = 0;
    client.on('denied', () => (denials += 1));
    void client.runMainCycle();
    await client.ready();
    await until(() => client.mqttClient.metrics().waiting === 0, { what: 'an empty outbox' });
    expect(client.mqttClient.metrics().dead).toBeGreaterThan(2);
    expect(
      await client.mqttClient.publishDetailed(live.topic('output_topic', 'output/pepeunit'), 'late', {
        qos: 1,
        until: 'settled',
      }),
    ).toEqual({ outcome: 'delivered' });
    expect({ denials, isConnected: client.mqttClient.isConnected() }).toEqual({ denials: 0, isConnected: true });
  } finally {
    await live.stop();
  }
});
