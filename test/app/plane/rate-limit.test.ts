import { expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { createRateLimiter } from '../../../app/plane/rate-limit.ts';
import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { publishing, quiet } from './publishing.ts';

/** Moves time in small steps, and lets what falls due happen. */
const pass = async (
  clock: ReturnType<typeof fakeClock>,
  ms: number,
  eachMs = 10,
  then: () => void = () => undefined,
) => {
  for (let passed = 0; passed < ms; passed += eachMs) {
    clock.advance(eachMs);
    then();
    await quiet();
  }
};

/** The most that fell into any span of a second. */
const mostInASecond = (moments: readonly number[]): number =>
  Math.max(0, ...moments.map((from) => moments.filter((at) => at >= from && at < from + 1000).length));

/** A link that notes when each message went to it. */
const timing = (link: Link, clock: Clock) => {
  const moments: number[] = [];
  const timed: Link = {
    ...link,
    publish: (...parameters) => {
      moments.push(clock.monotonic());
      return link.publish(...parameters);
    },
  };
  return { moments, timed };
};

test('what has waited is sent at less than 30 messages in any second, and all of it (S7)', async () => {
  const bench = publishing({ rate: {} });
  const { publisher, clock, sent, link, outcomes } = bench;
  await outcomes('t', ...Array.from({ length: 300 }, (_, index) => String(index)));
  const { moments, timed } = timing(link, clock);
  publisher.attach(timed);
  await pass(clock, 15_000);
  expect(sent).toEqual(Array.from({ length: 300 }, (_, index) => `t ${index}`));
  expect(mostInASecond(moments)).toBeLessThanOrEqual(30);
});

test('what has waited is sent at less than 1 MB in any second (S7)', async () => {
  const bench = publishing({ rate: {}, bytes: 10_000_000 });
  const { publisher, clock, sent, link, outcomes } = bench;
  await outcomes('t', ...Array.from({ length: 30 }, () => 'x'.repeat(100_000)));
  const { moments, timed } = timing(link, clock);
  publisher.attach(timed);
  await pass(clock, 12_000);
  expect(sent).toHaveLength(30);
  expect(mostInASecond(moments)).toBeLessThanOrEqual(19);
});

test('live messages go first while the outbox is sent (S7)', async () => {
  const { publisher, clock, link, outcomes } = publishing({ rate: {} });
  await outcomes('stored', ...Array.from({ length: 200 }, (_, index) => String(index)));
  publisher.attach(link);
  const live: string[] = [];
  await pass(clock, 5_000, 50, () => {
    void publisher.publish('live', 'x', { qos: 1 }).then(({ outcome }) => live.push(outcome));
  });
  expect(live).toHaveLength(100);
  expect(new Set(live)).toEqual(new Set(['delivered']));
});

test('live messages above the rate wait in the outbox and go in order, none is lost (S7)', async () => {
  const { publisher, clock, sent, link, outcomes } = publishing({ rate: { messages: 10, burst: 5 } });
  await publisher.open();
  publisher.attach(link);
  const told = await outcomes('t', ...Array.from({ length: 50 }, (_, index) => String(index)));
  expect(told.slice(0, 5)).toEqual(Array(5).fill('delivered'));
  expect(told.slice(5)).toEqual(Array(45).fill('queued'));
  await pass(clock, 10_000);
  expect(sent).toEqual(Array.from({ length: 50 }, (_, index) => `t ${index}`));
});

test('a flood of log entries leaves room for the messages of the app, waiting or not', async () => {
  const { publisher, clock, sent, link, outcomes } = publishing({ rate: {} });
  await publisher.open();
  publisher.attach(link);
  await outcomes('log/pepeunit', ...Array.from({ length: 200 }, (_, index) => String(index)));
  expect(await outcomes('t', ...Array.from({ length: 31 }, () => 'x'))).toEqual([
    ...Array(30).fill('delivered'),
    'queued',
  ]);
  const before = sent.length;
  await pass(clock, 2_000);
  expect(sent[before]).toBe('t x');
});

test('the rate can be switched off', async () => {
  const { publisher, link, outcomes } = publishing({ rate: false });
  await publisher.open();
  publisher.attach(link);
  const told = await outcomes('t', ...Array.from({ length: 1_000 }, () => 'x'));
  expect(new Set(told)).toEqual(new Set(['delivered']));
});

test('a message larger than the rate of a second goes once that second is free', () => {
  const clock = fakeClock();
  const limiter = createRateLimiter({ bytes: 100 }, clock);
  expect(limiter.take(500, false)).toBe(true);
  expect(limiter.take(1, false)).toBe(false);
  clock.advance(4_100);
  expect(limiter.take(1, false)).toBe(true);
});

test('what can not wait is charged, and others make up for it', () => {
  const clock = fakeClock();
  const limiter = createRateLimiter({ messages: 10, burst: 2 }, clock);
  for (let count = 0; count < 4; count += 1) limiter.charge(1);
  expect(limiter.take(1, false)).toBe(false);
  clock.advance(350);
  expect(limiter.take(1, false)).toBe(true);
});
