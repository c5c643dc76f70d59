import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../../adapters/memory/outbox.ts';
import { StorageError } from '../../../../services/errors.ts';
import { until } from '../../../support/until.ts';
import { linkThat, createTestPublisher, refusal } from '../../../support/messaging.ts';

test('damaged records are counted and told', async () => {
  const store = memoryOutbox();
  store.damage(2);
  const { publisher, warnings } = createTestPublisher({}, store);
  await publisher.open();
  expect(publisher.metrics().damaged).toBe(2);
  expect(warnings).toEqual(['2 damaged records of the outbox were put aside.']);
});

test('what else the store found is told', async () => {
  const store = memoryOutbox();
  const found = { ...(await store.open()), remarks: ['Passed over: 00000002.log.'] };
  const { publisher, warnings } = createTestPublisher({}, { ...store, open: async () => found });
  await publisher.open();
  expect(warnings).toEqual(['Passed over: 00000002.log.']);
});

test('dead letters that can not be put aside are told once, and cost no durability (S8)', async () => {
  const store = memoryOutbox();
  const failing = { ...store, deadLetter: () => Promise.reject(new StorageError('io', 'no file')) };
  const { publisher, warnings, outcomes } = createTestPublisher({}, failing);
  await outcomes('t', '1', '2');
  publisher.attach(linkThat(() => Promise.reject(refusal())));
  await until(() => publisher.metrics().dead === 2);
  await until(() => warnings.length > 0);
  expect(warnings).toEqual([expect.stringContaining('no file')]);
  expect(publisher.metrics()).toMatchObject({ isVolatile: false, waiting: 0 });
});

test('a clock that was set back between two runs makes nothing expire, and age begins anew (S6, M13)', async () => {
  const first = createTestPublisher({ ageMs: 60_000 });
  await first.outcomes('t', '1');
  await first.publisher.stop();
  first.clock.jump(-1e10);
  const second = createTestPublisher({ ageMs: 60_000 }, first.store, first.clock);
  await second.publisher.open();
  second.clock.advance(59_000);
  await second.outcomes('t', '2');
  expect(second.publisher.metrics()).toMatchObject({ expired: 0, waiting: 2 });
  second.clock.advance(2_000);
  await second.outcomes('t', '3');
  expect(second.publisher.metrics()).toMatchObject({ expired: 1, waiting: 2 });
});

test('130,000 messages of earlier runs are taken over at a start, in order (S1, S3)', async () => {
  const count = 130_000;
  const store = memoryOutbox();
  const payload = new Uint8Array(1);
  const base = { qos: 0, retain: false, payload, acceptedMs: undefined, unit: undefined } as const;
  await store.append(Array.from({ length: count }, (_, at) => ({ ...base, id: at + 1, topic: `t${at % 3}` })));
  const topics: string[] = [];
  const { publisher } = createTestPublisher({ messages: count, bytes: 1e9 }, store);
  await publisher.open();
  expect(publisher.metrics()).toMatchObject({ waiting: count, dropped: 0 });
  publisher.attach({ ...linkThat(async () => undefined), publishNow: (topic) => topics.push(topic) > 0 });
  await until(() => publisher.metrics().waiting === 0);
  expect(topics.slice(0, 4)).toEqual(['t0', 't1', 't2', 't0']);
  expect(topics).toHaveLength(count);
});

test('of 130,000 messages of earlier runs those above the bound go, the oldest first (S1)', async () => {
  const store = memoryOutbox();
  const base = { qos: 0, retain: false, acceptedMs: undefined, unit: undefined, topic: 't' } as const;
  const payload = new Uint8Array(1);
  await store.append(Array.from({ length: 130_000 }, (_, at) => ({ ...base, payload, id: at + 1 })));
  const { publisher } = createTestPublisher({ messages: 100 }, store);
  await publisher.open();
  expect(publisher.metrics()).toMatchObject({ waiting: 100, dropped: 129_900 });
  expect(Math.min(...store.messages.keys())).toBe(129_901);
});
