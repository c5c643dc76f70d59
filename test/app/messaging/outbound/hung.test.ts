import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../../adapters/memory/outbox.ts';
import { createTestUnit } from '../../../../app/testing.ts';
import { StorageError } from '../../../../services/errors.ts';
import { until, settle } from '../../../support/until.ts';
import { hangOutbox, openTestPublisher, createTestPublisher, slowLink } from '../../../support/messaging.ts';

const volatile = [expect.stringContaining('kept in memory alone')];

test('a store that does not open costs durability alone, and gives what it holds when it opens at last (S11)', async () => {
  const first = await openTestPublisher();
  await first.outcomes('t', 'old');
  await first.publisher.stop();
  const { store, calls, letGo } = hangOutbox(first.store, 'open');
  const { publisher, clock, warnings, link, sent } = createTestPublisher({}, store, first.clock);
  let isOpen = false;
  void publisher.open().then(() => (isOpen = true));
  const early = publisher.publish('t', 'new');
  await settle();
  clock.advance(9_999);
  await settle();
  expect(isOpen).toBe(false);
  clock.advance(1);
  expect(await early).toEqual({ outcome: 'queued' });
  await until(() => isOpen);
  expect(warnings).toEqual(volatile);
  expect(publisher.metrics()).toMatchObject({ isVolatile: true, waiting: 1 });
  for (let minute = 0; minute < 10; minute += 1) {
    clock.advance(60_000);
    await settle();
  }
  expect(calls).toEqual(['open']);
  letGo();
  await until(() => store.messages.size === 2);
  expect(publisher.metrics()).toMatchObject({ isVolatile: false, waiting: 2 });
  publisher.attach(link);
  await until(() => sent.length === 2);
  expect(sent).toEqual(['t old', 't new']);
});

test('messages go out while the store does not open (S11)', async () => {
  const { store } = hangOutbox(memoryOutbox(), 'open');
  const { publisher, clock, link, sent } = createTestPublisher({}, store);
  publisher.attach(link);
  const waited = publisher.publish('t', '1', { until: 'settled' });
  await settle();
  clock.advance(10_000);
  expect(await waited).toEqual({ outcome: 'delivered' });
  expect(await publisher.publish('t', '2')).toEqual({ outcome: 'delivered' });
  expect(sent).toEqual(['t 1', 't 2']);
});

test('a unit is ready though its outbox never opens, and stops with no timer left (S11, M12, M16)', async () => {
  const { store } = hangOutbox(memoryOutbox(), 'open');
  const { client, world } = createTestUnit({ adapters: { outbox: store } });
  let isReady = false;
  void client.ready().then(() => (isReady = true));
  await until(() => {
    world.clock.advance(100);
    return isReady;
  });
  let isStopped = false;
  void client.stopMainCycle().then(() => (isStopped = true));
  await until(() => {
    world.clock.advance(100);
    return isStopped;
  });
  expect(world.clock.pending).toBe(0);
});

test('a write that hangs keeps no publisher waiting, and counts once it is done (M6, S11)', async () => {
  const { store, letGo } = hangOutbox(memoryOutbox(), 'append');
  const { publisher, clock, warnings } = await openTestPublisher({}, store);
  const slow = publisher.publish('t', '1');
  await settle();
  clock.advance(10_000);
  expect(await slow).toEqual({ outcome: 'queued' });
  expect(await publisher.publish('t', '2')).toEqual({ outcome: 'queued' });
  expect(warnings).toEqual(volatile);
  for (let minute = 0; minute < 10; minute += 1) {
    clock.advance(60_000);
    await settle();
  }
  letGo();
  await until(() => store.messages.size === 2);
  expect(store.appends).toEqual([1, 1]);
  expect(publisher.metrics().isVolatile).toBe(false);
});

test('a message that was delivered while its write hung is not kept for the next run', async () => {
  const { store, letGo } = hangOutbox(memoryOutbox(), 'append');
  const { publisher, clock, link, sent } = await openTestPublisher({}, store);
  const result = publisher.publish('t', '1', { until: 'settled' });
  await settle();
  clock.advance(10_000);
  await settle();
  publisher.attach(link);
  expect(await result).toEqual({ outcome: 'delivered' });
  expect(sent).toEqual(['t 1']);
  letGo();
  await until(() => store.appends.length === 1);
  await settle();
  expect(store.messages.size).toBe(0);
});

test.each([
  ['open', 'close'],
  ['append', 'close'],
  ['close', 'close'],
] as const)(
  'a store that hangs in %s lets a stop end in time: all settle, no timer is left (M6, M12)',
  async (...hung) => {
    const { store, letGo } = hangOutbox(memoryOutbox(), ...hung);
    const { publisher, clock } = createTestPublisher({}, store);
    void publisher.open();
    await settle();
    const slow = slowLink();
    publisher.attach(slow.link);
    const results = [
      publisher.publish('t', '1', { qos: 1, until: 'settled' }),
      publisher.publish('t', '2', { until: 'settled' }),
      publisher.publish('t', '3'),
    ];
    await settle();
    let isStopped = false;
    void publisher.stop(3_000).then(() => (isStopped = true));
    expect(await publisher.publish('t', 'late')).toMatchObject({ outcome: 'dropped' });
    await settle();
    clock.advance(3_000);
    await until(() => isStopped);
    expect(clock.pending).toBe(0);
    slow.answer(new Error('cut'));
    await Promise.all(results);
    letGo();
    await settle();
    expect(clock.pending).toBe(0);
    expect(store.isOpen).toBe(false);
  },
);

test('a store that fails after the stop sets no timer (M12)', async () => {
  const { store, letGo } = hangOutbox(memoryOutbox(), 'open');
  store.failNext('open', new StorageError('io', 'gone'));
  const { publisher, clock } = createTestPublisher({}, store);
  void publisher.open();
  let isStopped = false;
  void publisher.stop(1_000).then(() => (isStopped = true));
  await settle();
  clock.advance(1_000);
  await until(() => isStopped);
  letGo();
  await settle();
  clock.advance(60_000);
  expect(clock.pending).toBe(0);
});
