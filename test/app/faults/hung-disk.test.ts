import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../adapters/memory/outbox.ts';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { LogSink } from '../../../services/log.ts';
import { until } from '../../support/until.ts';

const never = () => new Promise<never>(() => undefined);

/** Ends a unit, and tells whether it did within five seconds, and how many timers are left. */
const stopping = async ({ client, world }: TestUnit) => {
  let isStopped = false;
  void client.stopMainCycle().then(() => (isStopped = true));
  for (let passed = 0; passed < 5_000; passed += 50) {
    await nextTurn();
    world.clock.advance(50);
  }
  await nextTurn();
  return { isStopped, timers: world.clock.pending };
};

const inTime = { isStopped: true, timers: 0 };

const hungLog: LogSink = { write: () => undefined, flush: never };

/** Outboxes of which one call never answers. */
const hungOutboxes = {
  open: () => ({ ...memoryOutbox(), open: never }),
  append: () => ({ ...memoryOutbox(), append: never }),
  close: () => ({ ...memoryOutbox(), close: never }),
};

test.each(['open', 'append', 'close'] as const)(
  'a log and an outbox that hangs in %s hold a stop up for five seconds at the most, and leave no timer (M12)',
  async (hung) => {
    const unit = createTestUnit({ adapters: { outbox: hungOutboxes[hung](), console: hungLog } });
    const { client, world } = unit;
    const ready = client.ready();
    for (let passed = 0; passed < 20_000; passed += 500) {
      await nextTurn();
      world.clock.advance(500);
    }
    await ready;
    const topics = client.schema.outputTopic['output/pepeunit'] ?? [];
    world.broker.refuse(new BrokerError('network', 'no route'));
    world.broker.cut();
    const settled = topics.map((topic) => client.mqttClient.publishDetailed(topic, 'x', { qos: 1, until: 'settled' }));
    await nextTurn();
    expect(await stopping(unit)).toEqual(inTime);
    for (const { outcome } of await Promise.all(settled)) expect(['queued', 'dropped']).toContain(outcome);
    expect(await client.mqttClient.publishDetailed('t', 'late')).toMatchObject({ outcome: 'dropped' });
  },
);

test('a stop before anything was started ends though log and outbox hang (M12)', async () => {
  const unit = createTestUnit({ adapters: { outbox: hungOutboxes.open(), console: hungLog } });
  void unit.client.mqttClient.publishDetailed('t', 'x');
  expect(await stopping(unit)).toEqual(inTime);
});

test('a restart is not held up by a disk that hangs', async () => {
  const { client, world } = createTestUnit({ adapters: { outbox: hungOutboxes.close(), console: hungLog } });
  await client.ready();
  void client.restartDevice();
  await until(() => {
    world.clock.advance(100);
    return world.process.restarts.length === 1;
  });
});
