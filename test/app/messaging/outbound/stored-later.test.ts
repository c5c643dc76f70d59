import { expect, test } from 'vitest';
import { openTestPublisher, slowLink } from '../../../support/messaging.ts';
import { createTestUnit } from '../../../../app/testing.ts';
import { settle, until } from '../../../support/until.ts';

const log = 'log/pepeunit';

test('entries of the log are written to disk within a second, all at once (S9)', async () => {
  const { clock, store, outcomes } = await openTestPublisher();
  expect(await outcomes(log, '1', '2')).toEqual(['queued', 'queued']);
  clock.advance(500);
  expect(await outcomes(log, '3')).toEqual(['queued']);
  clock.advance(499);
  await settle();
  expect(store.appends).toEqual([]);
  clock.advance(1);
  await until(() => store.messages.size === 3);
  expect(store.appends).toEqual([3]);
});

test('what the broker has acknowledged by then is never written, and leaves no timer', async () => {
  const { publisher, clock, store, outcomes, link, sent } = await openTestPublisher();
  const before = clock.pending;
  await outcomes(log, '1', '2');
  publisher.attach(link);
  await until(() => sent.length === 2);
  clock.advance(10_000);
  await settle();
  expect(store.appends).toEqual([]);
  expect(clock.pending).toBeLessThanOrEqual(before + 1);
  await publisher.stop();
  expect(clock.pending).toBe(0);
});

test('a message that is promised to be kept takes earlier entries of the log with it, in order (S3)', async () => {
  const { store, outcomes } = await openTestPublisher();
  await outcomes(log, '1');
  await outcomes('t', '2');
  expect(store.appends).toEqual([2]);
  expect([...store.messages.values()].map(({ topic }) => topic)).toEqual([log, 't']);
});

test('a stop writes what has not been written yet (S5)', async () => {
  const { publisher, store, clock, outcomes } = await openTestPublisher();
  await outcomes(log, '1', '2');
  await publisher.stop();
  expect(store.messages.size).toBe(2);
  expect(clock.pending).toBe(0);
});

test('what is published while the outbox is left to another program is written when it comes back (S5)', async () => {
  const { publisher, store, outcomes } = await openTestPublisher();
  await publisher.release();
  expect(await outcomes('t', '1')).toEqual(['queued']);
  expect(await outcomes(log, '2')).toEqual(['queued']);
  await publisher.open();
  expect(store.messages.size).toBe(2);
});

test('an entry that goes unacknowledged is written after a second, another message after a tenth of one', async () => {
  const { publisher, clock, store } = await openTestPublisher();
  const slow = slowLink();
  publisher.attach(slow.link);
  await settle();
  for (const topic of [log, 't']) void publisher.publish(topic, 'x', { qos: 1 });
  clock.advance(100);
  await until(() => store.messages.size === 1);
  expect([...store.messages.values()]).toMatchObject([{ topic: 't' }]);
  for (let passed = 100; passed < 1_000; passed += 100) clock.advance(100);
  await until(() => store.messages.size === 2);
});

test('a policy says how long a topic may go unwritten, the log too', async () => {
  const { store, clock, outcomes } = await openTestPublisher({
    policies: { [log]: { keep: 'queue', storeAfterMs: 0 }, t: { keep: 'latest', storeAfterMs: 5_000 } },
  });
  await outcomes('t', '1', '2');
  clock.advance(4_999);
  await settle();
  expect(store.appends).toEqual([]);
  clock.advance(1);
  await until(() => store.messages.size === 1);
  await outcomes(log, '3');
  expect(store.appends).toEqual([1, 1]);
});

test('a unit that is online within a second writes nothing to its outbox', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  client.logger.info('The fan is on');
  await world.advance(10_000);
  expect(client.metrics().outbox).toMatchObject({ waiting: 0 });
  expect(world.outbox.appends).toEqual([]);
  await client.stopMainCycle();
});
