import { expect, test } from 'vitest';
import { createTestUnit } from '../../../../app/testing.ts';
import { openTestPublisher, createTestPublisher } from '../../../support/messaging.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const told = 'The queue of unsent messages is full';

test('an overflow is told at once, and then once in a while with a count for as long as it lasts', async () => {
  const { outcomes, warnings, clock } = await openTestPublisher({ messages: 10 });
  await outcomes('t', ...numbers(15));
  expect(warnings).toEqual([`${told}: messages are dropped from now on.`]);
  clock.advance(599_999);
  expect(warnings).toHaveLength(1);
  clock.advance(1);
  expect(warnings.slice(1)).toEqual([`${told}: 4 more dropped, 5 so far.`]);
  clock.advance(3_600_000);
  expect(warnings).toHaveLength(2);
});

test('an overflow after the queue has drained is told again at once', async () => {
  const { publisher, outcomes, warnings, clock, link } = await openTestPublisher({
    messages: 10,
    rate: { messages: 100 },
  });
  await outcomes('t', ...numbers(15));
  publisher.attach(link);
  for (let step = 0; step < 20 && publisher.metrics().waiting > 0; step += 1) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(publisher.metrics().waiting).toBe(0);
  publisher.detach(link);
  await outcomes('t', ...numbers(15));
  expect(warnings).toEqual([`${told}: messages are dropped from now on.`, `${told}: 5 more dropped, 6 so far.`]);
});

test('a bound of its own that a topic reaches is told as such, and no more often', async () => {
  const { outcomes, warnings, clock } = await openTestPublisher({ policies: { few: { keep: 'queue', messages: 2 } } });
  await outcomes('few', ...numbers(5));
  expect(warnings).toEqual(['A topic has reached its own bound of unsent messages: few. Some are dropped.']);
  clock.advance(600_000);
  expect(warnings.slice(1)).toEqual([
    'A topic has reached its own bound of unsent messages: few. 2 more dropped, 3 so far.',
  ]);
});

test('a warning that is published itself feeds no further warnings (L6)', async () => {
  const { client, world } = createTestUnit({ outbox: { messages: 10 } });
  await client.schema.updateFromFile();
  for (const text of numbers(12)) void client.publishToTopics('output/pepeunit', text);
  for (let hour = 0; hour < 6; hour += 1) world.clock.advance(600_000);
  const lines = world.console.entries.map(({ text }) => text).filter((text) => text.includes('messages is full'));
  expect(lines).toEqual([`${told}: messages are dropped from now on.`, `${told}: 2 more dropped, 4 so far.`]);
  await client.stopMainCycle();
});

test.each([
  ['of all topics', { messages: 3 }],
  ['of their own topic', { policies: { t: { keep: 'queue', messages: 3, whenFull: 'rejectNew' } } }],
] as const)('messages of earlier runs above the bound %s are rejected, the newest first', async (_, narrower) => {
  const policies = { t: { keep: 'queue', whenFull: 'rejectNew' } } as const;
  const first = await openTestPublisher({ policies });
  await first.outcomes('t', ...numbers(8));
  await first.publisher.stop();
  const second = createTestPublisher({ policies, ...narrower }, first.store, first.clock);
  await second.publisher.open();
  expect(second.publisher.metrics()).toMatchObject({ waiting: 3, dropped: 5 });
  expect([...first.store.messages.keys()]).toEqual([1, 2, 3]);
});

test('what is too old counts as expired though nobody publishes, and its publisher is told (S6, S10)', async () => {
  const { publisher, clock, store } = await openTestPublisher({ ageMs: 60_000 });
  const result = publisher.publish('t', 'x', { until: 'settled' });
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(60_001);
  expect(publisher.metrics()).toMatchObject({ waiting: 0, expired: 1 });
  expect(await result).toMatchObject({ outcome: 'expired' });
  expect(store.messages.size).toBe(0);
});

test('what was told as queued and is dropped later shows in the metrics, and to whom waits for its end (M6, S10)', async () => {
  const { publisher, outcomes } = await openTestPublisher({ messages: 2 });
  const settled = publisher.publish('t', '1', { until: 'settled' });
  expect(await outcomes('t', '2', '3', '4')).toEqual(['queued', 'queued', 'queued']);
  expect(await settled).toMatchObject({ outcome: 'dropped' });
  expect(publisher.metrics()).toMatchObject({ queued: 4, waiting: 2, dropped: 2 });
});
