import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { StorageError } from '../../../../services/errors.ts';
import { until, settle } from '../../../support/until.ts';
import { createTestPublisher, slowLink } from '../../../support/messaging.ts';

test('the oldest are dropped, counted and told once when too many wait (S1, S2)', async () => {
  const { publisher, link, sent, warnings, outcomes, store } = createTestPublisher({ messages: 2 });
  expect(await outcomes('t', '1', '2', '3', '4')).toEqual(Array(4).fill('queued'));
  expect(store.messages.size).toBe(2);
  publisher.attach(link);
  await until(() => sent.length === 2);
  expect(sent).toEqual(['t 3', 't 4']);
  expect(publisher.metrics()).toMatchObject({ queued: 4, dropped: 2, sent: 2, waiting: 0 });
  expect(warnings).toHaveLength(1);
});

test('what waits is bounded by bytes too, topics included (S1)', async () => {
  const { publisher, outcomes } = createTestPublisher({ bytes: 40 });
  await outcomes('t', '12', '34', '56', '78');
  const { waiting, waitingBytes, dropped } = publisher.metrics();
  expect({ all: waiting + dropped, bytes: waitingBytes <= 40, some: waiting > 0 && dropped > 0 }).toEqual({
    all: 4,
    bytes: true,
    some: true,
  });
  expect(await publisher.publish('t', 'x'.repeat(100))).toMatchObject({ outcome: 'dropped' });
  expect(publisher.metrics().waiting).toBe(waiting);
});

test('a topic can reject the new instead, and keeps its own from others (S2)', async () => {
  const { publisher, link, sent, outcomes } = createTestPublisher({
    messages: 3,
    policies: { precious: { keep: 'queue', whenFull: 'rejectNew' } },
  });
  expect(await outcomes('precious', '1', '2')).toEqual(['queued', 'queued']);
  expect(await outcomes('t', '3', '4')).toEqual(['queued', 'queued']);
  expect(await outcomes('precious', '5')).toEqual(['dropped']);
  publisher.attach(link);
  await until(() => sent.length === 3);
  expect(sent).toEqual(['precious 1', 'precious 2', 't 4']);
});

test('a topic can have a bound of its own (S2)', async () => {
  const { publisher, link, sent, outcomes } = createTestPublisher({
    policies: { few: { keep: 'queue', messages: 2 }, fewer: { keep: 'queue', messages: 1, whenFull: 'rejectNew' } },
  });
  await outcomes('few', '1', '2', '3');
  expect(await outcomes('fewer', '1', '2')).toEqual(['queued', 'dropped']);
  publisher.attach(link);
  await until(() => sent.length === 3);
  expect(sent).toEqual(['few 2', 'few 3', 'fewer 1']);
});

test('of a topic with the policy `latest` the newest alone is kept, in the store as well (S2)', async () => {
  const { publisher, link, sent, outcomes, store } = createTestPublisher({ policies: { t: 'latest' } });
  await outcomes('t', '1', '2', '3');
  expect(store.messages.size).toBe(1);
  publisher.attach(link);
  await until(() => sent.length === 1);
  expect(sent).toEqual(['t 3']);
  expect(publisher.metrics()).toMatchObject({ replaced: 2, dropped: 0, sent: 1 });
});

test('of a topic with the policy `none` nothing is kept (S2)', async () => {
  const { publisher, link, outcomes, store } = createTestPublisher({ policies: { t: 'none' } });
  expect(await outcomes('t', '1')).toEqual(['dropped']);
  await publisher.open();
  publisher.attach(link);
  expect(await outcomes('t', '2')).toEqual(['delivered']);
  expect(store.appends).toEqual([]);
  expect(publisher.metrics()).toMatchObject({ dropped: 1, queued: 0 });
});

test('by default the state keeps its newest, the log its newest 256, and all else everything (S2)', async () => {
  const { publisher, outcomes } = createTestPublisher();
  const many = Array.from({ length: 300 }, (_, index) => String(index));
  for (const topic of ['state/pepeunit', 'log/pepeunit', 't']) await outcomes(topic, ...many);
  expect(publisher.metrics()).toMatchObject({ waiting: 1 + 256 + 300, replaced: 299, dropped: 44 });
});

test('what waits for too long expires (S6)', async () => {
  const { publisher, link, sent, outcomes, clock, store } = createTestPublisher({ ageMs: 60_000 });
  await outcomes('t', '1');
  clock.advance(40_000);
  await outcomes('t', '2');
  clock.advance(30_000);
  publisher.attach(link);
  await until(() => sent.length === 1);
  expect(sent).toEqual(['t 2']);
  expect(store.messages.size).toBe(0);
  expect(publisher.metrics()).toMatchObject({ expired: 1, sent: 1 });
});

test('age goes on through a restart, and a jump of the wall clock ages nothing while the program runs (S6, M13, X3)', async () => {
  const first = createTestPublisher({ ageMs: 60_000 });
  await first.outcomes('t', '1');
  first.clock.jump(1e12);
  await first.outcomes('t', '2');
  expect(first.publisher.metrics()).toMatchObject({ waiting: 2, expired: 0 });
  first.clock.jump(-1e12);
  await first.publisher.stop();
  first.clock.advance(61_000);
  const second = createTestPublisher({ ageMs: 60_000 }, first.store, first.clock);
  await second.publisher.open();
  expect(second.publisher.metrics()).toMatchObject({ expired: 1, waiting: 1 });
});

test('what waited at the stop is sent first at the next start, in order, each topic by itself (S3)', async () => {
  const first = createTestPublisher();
  await first.outcomes('a', '1', '2');
  await first.outcomes('b', '1');
  await first.publisher.stop();
  const second = createTestPublisher({}, first.store, first.clock);
  second.publisher.attach(second.link);
  const late = second.outcomes('a', '3');
  await second.publisher.open();
  await until(() => second.sent.length === 4);
  expect(second.sent.filter((text) => text.startsWith('a'))).toEqual(['a 1', 'a 2', 'a 3']);
  expect(second.sent).toContain('b 1');
  expect(await late).toEqual(['queued']);
  expect(first.store.messages.size).toBe(0);
});

test('policies and bounds hold for what earlier runs left, too', async () => {
  const first = createTestPublisher();
  await first.outcomes('t', '1', '2', '3');
  await first.publisher.stop();
  const second = createTestPublisher({ messages: 2 }, first.store);
  await second.publisher.open();
  expect(second.publisher.metrics()).toMatchObject({ waiting: 2, dropped: 1 });
  const third = createTestPublisher({ policies: { t: 'latest' } }, first.store);
  await third.publisher.open();
  expect(third.publisher.metrics()).toMatchObject({ waiting: 1, replaced: 1 });
});

test('a full disk costs durability alone: one warning, and back to disk when there is room (S11)', async () => {
  const { publisher, link, sent, warnings, outcomes, store, clock } = createTestPublisher();
  await outcomes('t', '1');
  const free = store.fill();
  expect(await outcomes('t', '2', '3')).toEqual(['queued', 'queued']);
  expect(await outcomes('t', '4')).toEqual(['queued']);
  clock.advance(30_000);
  await settle();
  expect(warnings).toEqual([expect.stringContaining('no space is left')]);
  expect(publisher.metrics()).toMatchObject({ isVolatile: true, waiting: 4 });
  free();
  clock.advance(30_000);
  await until(() => store.messages.size === 4);
  expect(publisher.metrics().isVolatile).toBe(false);
  expect(warnings).toHaveLength(2);
  publisher.attach(link);
  await until(() => sent.length === 4);
  expect(sent).toEqual(['t 1', 't 2', 't 3', 't 4']);
  expect(store.messages.size).toBe(0);
});

test('a store that can not be opened is tried again, and what it holds then goes first', async () => {
  const first = createTestPublisher();
  await first.outcomes('t', '1');
  await first.publisher.stop();
  first.store.failNext('open', new StorageError('io', 'in use'));
  const { publisher, link, sent, warnings, outcomes, store, clock } = createTestPublisher({}, first.store, first.clock);
  expect(await outcomes('t', '2')).toEqual(['queued']);
  expect(warnings).toEqual([expect.stringContaining('in use')]);
  clock.advance(30_000);
  await until(() => store.messages.size === 2);
  publisher.attach(link);
  await until(() => sent.length === 2);
  expect(sent).toEqual(['t 1', 't 2']);
});

test('without a store messages wait in memory, and are dropped at the stop', async () => {
  const { outcomes, publisher } = createTestPublisher({}, null);
  expect(await outcomes('t', '1', '2')).toEqual(['queued', 'queued']);
  const last = publisher.publish('t', '3', { until: 'settled' });
  await publisher.stop();
  expect(await last).toMatchObject({ outcome: 'dropped' });
  expect(publisher.metrics()).toMatchObject({ waiting: 0, dropped: 3, isVolatile: false });
});

test('whatever is published over whatever links, each message settles and the metrics add up (M6, S10)', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('publish' as const),
      topic: fc.constantFrom('a', 'b', 'newest'),
      qos: fc.constantFrom(0, 1),
    }),
    fc.constantFrom(
      { do: 'attach' as const },
      { do: 'cut' as const },
      { do: 'answer' as const },
      { do: 'wait' as const },
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { publisher, clock, store } = createTestPublisher({
        messages: 5,
        ageMs: 10_000,
        policies: { newest: 'latest' },
      });
      await publisher.open();
      let slow = slowLink();
      const taken: string[] = [];
      const cut = () => {
        publisher.detach(slow.link);
        slow.answer(new Error('cut'));
        taken.push(...slow.taken);
      };
      const results: Promise<unknown>[] = [];
      for (const [index, one] of steps.entries()) {
        if (one.do === 'publish') results.push(publisher.publish(one.topic, String(index), { qos: one.qos }));
        if (one.do === 'cut') cut();
        if (one.do === 'attach') {
          cut();
          slow = slowLink();
          publisher.attach(slow.link);
        }
        if (one.do === 'answer') slow.answer();
        if (one.do === 'wait') clock.advance(3_000);
        await settle();
        expect(publisher.metrics().waiting).toBeLessThanOrEqual(5);
      }
      cut();
      await Promise.all(results);
      const { waiting, sending, sent, dropped, replaced, expired } = publisher.metrics();
      expect(waiting + sending + sent + dropped + replaced + expired).toBe(results.length);
      await publisher.stop();
      expect(store.messages.size).toBe(waiting);
      for (const topic of ['a', 'b', 'newest']) {
        const seen = taken.filter((text) => text.startsWith(`${topic} `)).map((text) => Number(text.split(' ')[1]));
        const firsts = seen.filter((text, at) => seen.indexOf(text) === at);
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 150 },
  );
});
