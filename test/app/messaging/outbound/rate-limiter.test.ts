import { expect, test } from 'vitest';
import { fakeClock } from '../../../../adapters/memory/clock.ts';
import { createRateLimiter } from '../../../../app/messaging/outbound/rate-limiter.ts';
import { pass, createTestPublisher } from '../../../support/messaging.ts';

test('live messages above the rate wait in the outbox and go in order, none is lost (S7)', async () => {
  const { publisher, clock, sent, link, outcomes } = createTestPublisher({ rate: { messages: 10, burst: 5 } });
  await publisher.open();
  publisher.attach(link);
  const told = await outcomes('t', ...Array.from({ length: 50 }, (_, index) => String(index)));
  expect(told.slice(0, 5)).toEqual(Array(5).fill('delivered'));
  expect(told.slice(5)).toEqual(Array(45).fill('queued'));
  await pass(clock, 10_000);
  expect(sent).toEqual(Array.from({ length: 50 }, (_, index) => `t ${index}`));
});

test('a flood of log entries leaves room for the messages of the app, waiting or not', async () => {
  const { publisher, clock, sent, link, outcomes } = createTestPublisher({ rate: {} });
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
  const { publisher, link, outcomes } = createTestPublisher({ rate: false });
  await publisher.open();
  publisher.attach(link);
  const told = await outcomes('t', ...Array.from({ length: 1_000 }, () => 'x'));
  expect(new Set(told)).toEqual(new Set(['delivered']));
});

test('a message larger than the rate of a second goes once that second is free', () => {
  const clock = fakeClock();
  const limiter = createRateLimiter({ bytes: 100 });
  expect(limiter.take(clock.monotonic(), 500, false)).toBe(true);
  expect(limiter.take(clock.monotonic(), 1, false)).toBe(false);
  clock.advance(4_100);
  expect(limiter.take(clock.monotonic(), 1, false)).toBe(true);
});

test('what can not wait is charged, and others make up for it', () => {
  const clock = fakeClock();
  const limiter = createRateLimiter({ messages: 10, burst: 2 });
  for (let count = 0; count < 4; count += 1) limiter.charge(clock.monotonic(), 1);
  expect(limiter.take(clock.monotonic(), 1, false)).toBe(false);
  clock.advance(350);
  expect(limiter.take(clock.monotonic(), 1, false)).toBe(true);
});
