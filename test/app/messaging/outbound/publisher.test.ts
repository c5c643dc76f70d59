import { expect, test } from 'vitest';
import type { UnitSchema } from '../../../../services/schema.ts';
import { until, settle } from '../../../support/until.ts';
import {
  closed,
  linkThat,
  openTestPublisher,
  createTestPublisher,
  slowLink,
  textOf,
} from '../../../support/messaging.ts';

test('sends at once while a link is open, and keeps nothing', async () => {
  const { publisher, link, sent, store } = await openTestPublisher();
  publisher.attach(link);
  expect(await publisher.publish('t', 'x')).toEqual({ outcome: 'delivered' });
  expect(await publisher.publish('t', 'y', { qos: 1 })).toEqual({ outcome: 'delivered' });
  expect(sent).toEqual(['t x', 't y']);
  expect(store.appends).toEqual([]);
  expect(publisher.metrics()).toMatchObject({ sent: 2, queued: 0, waiting: 0, sending: 0 });
});

test('a message of QoS 0 that the socket takes needs no promise of the link', async () => {
  const { publisher, sent } = await openTestPublisher();
  const link = linkThat(() => Promise.reject(new Error('not to be called')));
  publisher.attach({
    ...link,
    publishNow: (topic, payload, retain) => Boolean(sent.push(`${topic} ${textOf(payload)} ${retain}`)),
  });
  expect(await publisher.publish('t', 'x', { retain: true })).toEqual({ outcome: 'delivered' });
  expect(sent).toEqual(['t x true']);
});

test('keeps messages while there is no link, and sends them once, in order, when it is back (M10)', async () => {
  const { publisher, link, sent, outcomes, store } = await openTestPublisher();
  expect(await outcomes('t', '1', '2')).toEqual(['queued', 'queued']);
  expect(store.messages.size).toBe(2);
  publisher.attach(link);
  expect(await outcomes('t', '3')).toEqual(['queued']);
  await until(() => sent.length === 3);
  expect(await outcomes('t', '4')).toEqual(['delivered']);
  publisher.detach(link);
  publisher.attach(link);
  await settle();
  expect(sent).toEqual(['t 1', 't 2', 't 3', 't 4']);
  expect(store.messages.size).toBe(0);
  expect(publisher.metrics()).toMatchObject({ sent: 4, waiting: 0, queued: 3, dropped: 0, refused: 0 });
});

test('what is told as queued is in the store by then', async () => {
  const { publisher, store } = createTestPublisher();
  expect(await publisher.publish('t', 'x', { qos: 2, retain: true })).toEqual({ outcome: 'queued' });
  const [message] = store.messages.values();
  expect(message).toMatchObject({ topic: 't', qos: 2, retain: true, acceptedMs: expect.any(Number) as number });
});

test('messages whose link breaks under them are kept, and keep their place before later ones', async () => {
  const { publisher, link, sent, store } = await openTestPublisher();
  const slow = slowLink();
  publisher.attach(slow.link);
  const early = [1, 0].map((qos) => publisher.publish('t', `early ${qos}`, { qos: qos as 0 | 1 }));
  publisher.detach(slow.link);
  const late = publisher.publish('t', 'late');
  slow.answer(closed());
  expect(await Promise.all([...early, late])).toMatchObject([
    { outcome: 'queued' },
    { outcome: 'queued' },
    { outcome: 'queued' },
  ]);
  expect([...store.messages.values()].toSorted((a, b) => a.id - b.id).map(({ payload }) => textOf(payload))).toEqual([
    'early 1',
    'early 0',
    'late',
  ]);
  publisher.attach(link);
  await until(() => sent.length === 3);
  expect(sent).toEqual(['t early 1', 't early 0', 't late']);
});

test('a link that breaks while the queue is sent leaves the rest waiting', async () => {
  const { publisher, link, sent, outcomes } = await openTestPublisher();
  await outcomes('t', '1', '2', '3');
  let left = 1;
  const breaking = linkThat(async (topic, payload) => {
    if (left-- > 0) return void sent.push(`${topic} ${textOf(payload)}`);
    throw closed();
  });
  publisher.attach(breaking);
  await settle();
  expect(publisher.metrics().waiting).toBe(2);
  publisher.detach(breaking);
  publisher.attach(link);
  await until(() => sent.length === 3);
  expect(sent).toEqual(['t 1', 't 2', 't 3']);
});

test('a link that takes nothing is not tried without a pause', async () => {
  const { publisher, outcomes, clock } = await openTestPublisher();
  let tries = 0;
  publisher.attach(
    linkThat(() => {
      tries += 1;
      return Promise.reject(closed());
    }),
  );
  await outcomes('t', '1', '2', '3');
  await settle();
  const before = tries;
  await settle();
  expect(tries).toBe(before);
  clock.advance(1_000);
  await settle();
  expect(tries).toBeGreaterThan(before);
});

test('what the link has and does not acknowledge is bounded; more waits in the outbox', async () => {
  const { publisher } = await openTestPublisher({ messages: 5_000 });
  const slow = slowLink();
  publisher.attach(slow.link);
  const all = Array.from({ length: 2_000 }, (_, index) => publisher.publish('t', String(index), { qos: 1 }));
  await settle();
  expect(slow.taken.length).toBeLessThan(1_600);
  expect(publisher.metrics().sending + publisher.metrics().waiting).toBe(2_000);
  while (slow.answers.length > 0) {
    slow.answer();
    await settle();
  }
  await Promise.all(all);
  expect(slow.taken).toEqual(Array.from({ length: 2_000 }, (_, index) => `t ${index}`));
});

test('what the broker takes long to acknowledge is written to the store in one go, and goes once it did', async () => {
  const { publisher, clock, store } = await openTestPublisher();
  const slow = slowLink();
  publisher.attach(slow.link);
  const results = ['1', '2', '3'].map((text) => publisher.publish('t', text, { qos: 1 }));
  clock.advance(99);
  await settle();
  expect(store.appends).toEqual([]);
  clock.advance(1);
  await settle();
  expect(store.appends).toEqual([3]);
  slow.answer();
  for (const result of results) expect(await result).toEqual({ outcome: 'delivered' });
  expect(store.messages.size).toBe(0);
});

test('a message that is queued behind unacknowledged ones of its topic is never in the store without them (S3)', async () => {
  const { publisher, store } = await openTestPublisher();
  const slow = slowLink();
  publisher.attach(slow.link);
  for (let index = 0; index < 1_024; index += 1) void publisher.publish('t', String(index), { qos: 1 });
  expect(await publisher.publish('t', 'queued', { qos: 1 })).toEqual({ outcome: 'queued' });
  expect(store.messages.size).toBe(1_025);
});

test('the link never holds more than its window: the rest is in the outbox, and a lost link gives back what it held (M11)', async () => {
  const { publisher, store } = await openTestPublisher({ messages: 10_000 });
  const slow = slowLink();
  publisher.attach(slow.link);
  const results = Array.from({ length: 5_000 }, (_, index) => publisher.publish('t', String(index), { qos: 1 }));
  await settle();
  const window = { live: 1_024, replay: 512 };
  const sending = window.live + window.replay;
  expect(slow.taken.length).toBe(sending);
  expect(publisher.metrics()).toMatchObject({ sending, waiting: 5_000 - sending });
  publisher.detach(slow.link);
  slow.answer(closed());
  expect(new Set((await Promise.all(results)).map(({ outcome }) => outcome))).toEqual(new Set(['queued']));
  expect(publisher.metrics()).toMatchObject({ sending: 0, waiting: 5_000 });
  expect(store.messages.size).toBe(5_000);
});

test('after a stop every message is dropped, and nothing writes any more', async () => {
  const { publisher, store, clock } = await openTestPublisher();
  const slow = slowLink();
  publisher.attach(slow.link);
  const pending = publisher.publish('t', 'unacknowledged', { qos: 1 });
  await publisher.stop();
  expect(store.isOpen).toBe(false);
  const { size } = store.messages;
  slow.answer(closed());
  expect(await pending).toEqual({ outcome: 'queued' });
  expect(await publisher.publish('t', 'late')).toMatchObject({ outcome: 'dropped' });
  clock.advance(600_000);
  await settle();
  expect(store.messages.size).toBe(size);
  expect(clock.pending).toBe(0);
  expect(publisher.metrics()).toMatchObject({ dropped: 1 });
});

test('send fails clearly without a link', async () => {
  const { publisher } = createTestPublisher();
  await expect(publisher.send('t', 'x')).rejects.toMatchObject({ name: 'BrokerError', code: 'closed' });
});

test('the keys of the schema name the topics of a policy', async () => {
  const { publisher, outcomes, sent, link } = await openTestPublisher({ policies: { 'output/pepeunit': 'latest' } });
  publisher.route({
    output_base_topic: { 'state/pepeunit': ['unit/state'] },
    output_topic: { 'output/pepeunit': ['one', 'two'] },
  } as unknown as UnitSchema);
  for (const topic of ['one', 'two', 'unit/state', 'other']) await outcomes(topic, '1', '2');
  publisher.attach(link);
  await until(() => sent.length === 5);
  expect(sent).toEqual(['one 2', 'two 2', 'unit/state 2', 'other 1', 'other 2']);
  expect(publisher.metrics()).toMatchObject({ replaced: 3, dropped: 0, sent: 5 });
});

test('a window full of unacknowledged messages holds back neither QoS 0 nor the order of a topic (M1, S3)', async () => {
  const { publisher } = await openTestPublisher({ messages: 10_000 });
  const slow = slowLink();
  for (let at = 0; at < 600; at += 1) void publisher.publish('a', String(at), { qos: 1 });
  void publisher.publish('b', 'needs one', { qos: 1 });
  for (const text of ['b0', 'b1']) void publisher.publish('b', text);
  for (const text of ['c0', 'c1']) void publisher.publish('c', text);
  await settle();
  const atOnce: string[] = [];
  publisher.attach({ ...slow.link, publishNow: (topic, payload) => atOnce.push(`${topic} ${textOf(payload)}`) > 0 });
  await settle();
  expect(slow.taken).toHaveLength(512);
  expect(atOnce).toEqual(['c c0', 'c c1']);
  expect(publisher.metrics()).toMatchObject({ sending: 512, waiting: 600 - 512 + 3 });
});
