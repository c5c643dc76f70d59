import { expect, test } from 'vitest';
import { until } from '../../../support/until.ts';
import { createTestPublisher } from '../../../support/messaging.ts';

const [one, other] = ['0d7c3a52-6e0b-4a86-9d6f-4c1f0b6f2a11', '7f9e1e34-9a5e-4a0c-8a5c-0c6d0a0b1c2d'] as const;

/** A store with two messages of a unit, or of nobody where there is none. */
const storeOf = async (unit: string | undefined) => {
  const { publisher, outcomes, store, clock } = createTestPublisher();
  await publisher.open();
  if (unit !== undefined) publisher.claim(unit);
  await outcomes('t', '1', '2');
  await publisher.stop();
  expect([...store.messages.values()].map((message) => message.unit)).toEqual([unit, unit]);
  return { store, clock };
};

test.each(['before', 'after'])(
  'messages of another unit go aside and are told once, though it is known %s the store is read (S8)',
  async (when) => {
    const { store, clock } = await storeOf(one);
    const { publisher, link, sent, warnings, outcomes } = createTestPublisher({}, store, clock);
    if (when === 'before') publisher.claim(other);
    await publisher.open();
    if (when === 'after') publisher.claim(other);
    await outcomes('t', '3');
    publisher.attach(link);
    await until(() => sent.length === 1);
    expect(sent).toEqual(['t 3']);
    expect(publisher.metrics()).toMatchObject({ dead: 2, sent: 1, waiting: 0 });
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^Messages of another unit .* \\(2\\): .*${other}`))]);
    expect(store.dead.map(({ message, reason }) => [message.unit, reason.includes(one)])).toEqual([
      [one, true],
      [one, true],
    ]);
    expect(store.messages.size).toBe(0);
  },
);

test.each([
  ['the same unit', one],
  ['the same unit, written otherwise', one.toUpperCase()],
])('messages of %s go out, whatever its token is', async (_, unit) => {
  const { store, clock } = await storeOf(one);
  const { publisher, link, sent, warnings } = createTestPublisher({}, store, clock);
  await publisher.open();
  publisher.claim(unit);
  publisher.claim(unit);
  publisher.attach(link);
  await until(() => sent.length === 2);
  expect([warnings, store.dead]).toEqual([[], []]);
});

test('messages that name no unit are adopted', async () => {
  const { store, clock } = await storeOf(undefined);
  const { publisher, link, sent } = createTestPublisher({}, store, clock);
  await publisher.open();
  publisher.claim(other);
  publisher.attach(link);
  await until(() => sent.length === 2);
  expect(store.dead).toEqual([]);
});

test('what waits is put aside as well when the program becomes another unit while it runs', async () => {
  const { publisher, link, sent, outcomes, store } = createTestPublisher();
  await publisher.open();
  await outcomes('t', 'nobody’s yet');
  publisher.claim(one);
  await outcomes('t', 'one’s');
  const settled = publisher.publish('t', 'one’s too', { until: 'settled' });
  publisher.claim(other);
  expect(await settled).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(other) });
  await outcomes('t', 'other’s');
  publisher.attach(link);
  await until(() => sent.length === 1);
  expect(sent).toEqual(['t other’s']);
  expect(store.dead.map(({ message }) => message.unit)).toEqual([undefined, one, one].map(() => one));
});
