import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import { BrokerError } from '../../../services/errors.ts';
import { settle } from '../../support/until.ts';

test('the metrics of a whole unit count connects, drops and queue depths, with the last failure and the clock offset', async () => {
  const { client, world } = createTestUnit({ ffMqttLogEnable: false });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      world.clock.advance(1000);
      await settle();
    }
  };
  const metrics = () => client.metrics();
  world.clockSource.offsetMs += 90_000;
  await client.ready();
  await pass(11);
  expect(metrics()).toMatchObject({ connects: 1, disconnects: 0, clockOffsetMs: 90_000, outbox: { waiting: 0 } });
  expect(metrics().lastFailure).toBeUndefined();

  world.broker.refuse(new BrokerError('network', 'no route'));
  world.broker.cut();
  for (let message = 0; message < 1_010; message += 1) void client.publishToTopics('output/pepeunit', String(message));
  await pass(11);
  expect(metrics()).toMatchObject({
    connects: 1,
    disconnects: 1,
    outbox: { waiting: 1_000, queued: 1_010, dropped: 10 },
  });
  expect(metrics().lastFailure).toMatchObject({ name: 'BrokerError', atMs: expect.any(Number) });
  expect(Math.abs((metrics().lastFailure?.atMs ?? 0) - client.timeManager.getEpochMs())).toBeLessThanOrEqual(22_000);

  world.broker.refuse(undefined);
  await pass(120);
  expect(metrics()).toMatchObject({ connects: 2, disconnects: 1, outbox: { waiting: 0 } });
  await client.stopMainCycle();
});
