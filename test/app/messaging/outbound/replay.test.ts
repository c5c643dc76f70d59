import { expect, test } from 'vitest';
import type { Link } from '../../../../services/broker.ts';
import { closed, linkThat, openTestPublisher, pass, refusal, slowLink, textOf } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

type Bench = Awaited<ReturnType<typeof openTestPublisher>>;

interface Sent {
  readonly atMs: number;
  readonly topic: string;
  readonly text: string;
  readonly bytes: number;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

/** A link that takes everything at once and notes when. */
const noting = ({ clock }: Bench): { link: Link; sent: Sent[] } => {
  const sent: Sent[] = [];
  const link = linkThat(async (topic, payload) => {
    sent.push({ atMs: clock.monotonic(), topic, text: textOf(payload), bytes: topic.length + payload.length });
  });
  return { link, sent };
};

/** The most that fell into any span of a second. */
const mostInASecond = (sent: readonly Sent[], amountOf: (one: Sent) => number = () => 1): number => {
  let most = 0;
  let from = 0;
  let sum = 0;
  for (const one of sent) {
    sum += amountOf(one);
    while ((sent[from]?.atMs ?? 0) <= one.atMs - 1000) {
      sum -= amountOf(sent[from] as Sent);
      from += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
};

test.each([1, 5, 10, 20])(
  'with 1,000 waiting and %i live messages a second, no second sees more than 30, and the live ones go at once (S7)',
  async (perSecond) => {
    const bench = await openTestPublisher({ rate: {}, messages: 1_000 });
    await bench.outcomes('stored', ...numbers(1_000));
    const { link, sent } = noting(bench);
    bench.publisher.attach(link);
    const live: string[] = [];
    await pass(bench.clock, 20_000, (atMs) => {
      if (atMs % (1000 / perSecond) !== 0) return;
      void bench.publisher.publish('live', String(atMs), { qos: 1 }).then(({ outcome }) => live.push(outcome));
    });
    expect(live).toEqual(Array(perSecond * 20).fill('delivered'));
    expect(mostInASecond(sent)).toBeLessThanOrEqual(30);
    const stored = sent.filter(({ topic }) => topic === 'stored').map(({ text }) => text);
    expect(stored).toEqual(numbers(stored.length));
    expect(stored.length).toBeGreaterThan(20 * (25 - perSecond));
  },
);

test.each([1_000, 50_000, 250_000])(
  'messages of %i bytes are sent again at less than 1 MB in any second (S7)',
  async (size) => {
    const count = Math.min(300, Math.ceil(6_000_000 / size));
    const bench = await openTestPublisher({ rate: {}, bytes: 10_000_000 });
    await bench.outcomes('t', ...Array<string>(count).fill('x'.repeat(size)));
    const { link, sent } = noting(bench);
    bench.publisher.attach(link);
    await pass(bench.clock, 15_000);
    expect(sent).toHaveLength(count);
    expect(mostInASecond(sent, ({ bytes }) => bytes)).toBeLessThan(1_000_000);
  },
);

test('after a quiet time no second sees more than the burst and the rate (S7)', async () => {
  const bench = await openTestPublisher({ rate: {} });
  const { link, sent } = noting(bench);
  bench.publisher.attach(link);
  await bench.outcomes('t', ...numbers(300));
  await pass(bench.clock, 12_000);
  expect(sent.map(({ text }) => text)).toEqual(numbers(300));
  expect(sent.filter(({ atMs }) => atMs === 0)).toHaveLength(100);
  expect(mostInASecond(sent)).toBeLessThanOrEqual(130);
});

test('what can not wait counts, however long nothing was sent before', async () => {
  const bench = await openTestPublisher({ rate: { messages: 10, burst: 10 } });
  const { link } = noting(bench);
  bench.publisher.attach(link);
  await pass(bench.clock, 5_000);
  for (let count = 0; count < 10; count += 1) await bench.publisher.send('t', 'x');
  expect(await bench.outcomes('t', 'late')).toEqual(['queued']);
});

test('a link that comes and goes sees no more than 30 in any second, each message once, in order (S7, M10)', async () => {
  const bench = await openTestPublisher({ rate: {} });
  await bench.outcomes('a', ...numbers(100));
  await bench.outcomes('b', ...numbers(100));
  const { link, sent } = noting(bench);
  const again = () => ({ ...link });
  let current = again();
  bench.publisher.attach(current);
  await pass(bench.clock, 15_000, (atMs) => {
    if (atMs % 700 === 0) bench.publisher.detach(current);
    if (atMs % 700 !== 200) return;
    current = again();
    bench.publisher.attach(current);
  });
  for (const topic of ['a', 'b']) {
    expect(sent.filter((one) => one.topic === topic).map(({ text }) => text)).toEqual(numbers(100));
  }
  expect(mostInASecond(sent)).toBeLessThanOrEqual(30);
});

test('live messages of a topic that waits go after those that wait, others at once (S3, S7)', async () => {
  const bench = await openTestPublisher({ rate: {} });
  await bench.outcomes('busy', ...numbers(60));
  const { link, sent } = noting(bench);
  bench.publisher.attach(link);
  const told: string[] = [];
  await pass(bench.clock, 6_000, (atMs) => {
    if (atMs % 500 !== 0 || atMs >= 2_500) return;
    for (const topic of ['busy', 'free']) {
      const text = String(60 + atMs / 500);
      void bench.publisher.publish(topic, text).then(({ outcome }) => told.push(`${topic} ${outcome}`));
    }
  });
  expect(sent.filter(({ topic }) => topic === 'busy').map(({ text }) => text)).toEqual(numbers(65));
  expect(told.filter((text) => text.startsWith('free'))).toEqual(Array(5).fill('free delivered'));
  expect(told).toContain('busy queued');
});

test('a link lost in the middle of it gets what was not acknowledged again, once and in order (M10)', async () => {
  const bench = await openTestPublisher({ rate: false });
  const results = numbers(40).map((text) => bench.publisher.publish('t', text, { qos: 1, until: 'settled' }));
  await settle();
  const slow = slowLink();
  bench.publisher.attach(slow.link);
  await settle();
  for (const answer of slow.answers.splice(0, 10)) answer();
  await settle();
  bench.publisher.detach(slow.link);
  slow.answer(closed());
  await settle();
  const { link, sent } = noting(bench);
  bench.publisher.attach(link);
  for (const result of results) expect(await result).toEqual({ outcome: 'delivered' });
  expect(slow.taken).toEqual(numbers(40).map((text) => `t ${text}`));
  expect(sent.map(({ text }) => text)).toEqual(numbers(40).slice(10));
  expect(bench.publisher.metrics()).toMatchObject({ sent: 40, waiting: 0, sending: 0 });
  expect(bench.store.messages.size).toBe(0);
});

test('topics that the broker denies go aside, and hold no other up (S8)', async () => {
  const bench = await openTestPublisher({ rate: {} });
  for (const text of numbers(20)) {
    await bench.outcomes('denied', text);
    await bench.outcomes('t', text);
  }
  const { link, sent } = noting(bench);
  bench.publisher.attach({
    ...link,
    publish: (topic, ...rest) => (topic === 'denied' ? Promise.reject(refusal()) : link.publish(topic, ...rest)),
  });
  await pass(bench.clock, 2_000);
  expect(sent.map(({ text }) => text)).toEqual(numbers(20));
  expect(bench.store.dead).toHaveLength(20);
  expect(bench.publisher.metrics()).toMatchObject({ dead: 20, sent: 20, waiting: 0 });
});
