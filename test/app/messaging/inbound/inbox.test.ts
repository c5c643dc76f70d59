import { expect, test } from 'vitest';
import { createTestInbox } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

test('a handler that returns at once is called while the message is pushed', () => {
  const { inbox, receive } = createTestInbox();
  const seen: string[] = [];
  inbox.setHandler((given) => seen.push(given.text()));
  receive('a', '1');
  expect(seen).toEqual(['1']);
});

test('a burst of 1,000 reaches a handler that awaits 20 ms, in order and one at a time', async () => {
  const { clock, inbox, receive } = createTestInbox();
  const seen: number[] = [];
  let atWork = 0;
  inbox.setHandler(async (given) => {
    atWork += 1;
    expect(atWork).toBe(1);
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 20));
    seen.push(Number(given.text()));
    atWork -= 1;
  });
  for (let index = 0; index < 1000; index += 1) receive('a', String(index));
  while (seen.length < 1000 && clock.monotonic() < 60_000) {
    clock.advance(20);
    await settle();
  }
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(inbox.metrics()).toEqual({ received: 1000, dropped: 0, waiting: 0, pauses: 0, unsolicited: 0 });
});

test('a handler that never settles holds up its own topic, and that only for its time limit (M5)', async () => {
  const { clock, inbox, receive, warnings } = createTestInbox();
  const seen: string[] = [];
  inbox.setHandler((given) => {
    seen.push(`${given.topic}${given.text()}`);
    return given.text() === 'stuck' ? new Promise(() => undefined) : undefined;
  });
  receive('a', 'stuck');
  receive('a', 'next');
  receive('b', 'free');
  expect(seen).toEqual(['astuck', 'bfree']);
  clock.advance(60_000);
  expect(seen).toEqual(['astuck', 'bfree', 'anext']);
  expect(warnings).toEqual(['The input handler has not settled on a for 60000 ms: going on without it.']);
  expect(clock.pending).toBe(0);
});

test.each([
  [
    'a throw',
    () => {
      throw new Error('boom');
    },
  ],
  ['a rejection', () => Promise.reject(new Error('boom'))],
])('%s in the handler is one warning, and the next message comes', async (_, fail) => {
  const { inbox, receive, warnings } = createTestInbox();
  const seen: string[] = [];
  inbox.setHandler((given) => (given.text() === 'bad' ? fail() : void seen.push(given.text())));
  receive('a', 'bad');
  await settle();
  receive('a', 'good');
  expect(seen).toEqual(['good']);
  expect(warnings).toEqual(['The input handler failed: boom']);
});

test('what passes the limits is dropped, counted, and told once in a while (M5)', async () => {
  const { clock, inbox, receive, warnings } = createTestInbox({ messages: 2, bytes: 100, handlerMs: 1000 });
  inbox.setHandler(() => new Promise(() => undefined));
  for (const text of ['1', '2', '3', '4', '5']) receive('a', text);
  expect(inbox.metrics()).toMatchObject({ received: 5, dropped: 2, waiting: 2 });
  expect(warnings).toEqual(['The input handler is too slow: 1 messages dropped so far. Let it return sooner.']);
  clock.jump(3_600_000);
  receive('a', '6');
  clock.advance(999);
  expect(warnings).toHaveLength(1);
  inbox.stop();
  expect(clock.pending).toBe(0);
});

test('the drops of a flood are told every 10 s with their number, the last ones too (M5)', () => {
  const { clock, inbox, receive, warnings } = createTestInbox({ messages: 2, bytes: 100, handlerMs: 3_600_000 });
  inbox.setHandler(() => new Promise(() => undefined));
  for (let index = 0; index < 1003; index += 1) receive('a', 'x');
  clock.advance(10_000);
  expect(warnings.map((warning) => warning.replace(/ dropped.*/, ''))).toEqual([
    'The input handler is too slow: 1 messages',
    'The input handler is too slow: 999 more, 1000 messages',
  ]);
  clock.advance(600_000);
  expect(warnings).toHaveLength(2);
  receive('a', 'x');
  expect(warnings).toHaveLength(3);
});

test('a flood of inputs leaves the room of commands as it was (M5)', () => {
  const { inbox, receive } = createTestInbox({ messages: 2, bytes: 100, handlerMs: 1000 });
  inbox.setHandler(() => new Promise(() => undefined));
  for (let index = 0; index < 10; index += 1) receive('input', 'x');
  for (let index = 0; index < 3; index += 1) receive('update', 'x', 'command');
  expect(inbox.metrics()).toMatchObject({ received: 13, dropped: 7, waiting: 4 });
});

test('handlers at work are bounded too, when each message has a topic of its own (M5)', () => {
  const { inbox, receive } = createTestInbox({ messages: 100, bytes: 10_000, handlerMs: 1000 });
  let atWork = 0;
  inbox.setHandler(() => {
    atWork += 1;
    return new Promise(() => undefined);
  });
  for (let index = 0; index < 1000; index += 1) receive(`topic ${index}`, 'x');
  expect(atWork).toBe(100);
  expect(inbox.metrics()).toMatchObject({ received: 1000, dropped: 900, waiting: 0 });
});

test('a payload that passes the bound of bytes is dropped while the handler is busy', () => {
  const { inbox, receive } = createTestInbox({ messages: 10, bytes: 8, handlerMs: 1000 });
  inbox.setHandler(() => new Promise(() => undefined));
  receive('a', 'first');
  receive('a', '12345678');
  receive('a', '9');
  expect(inbox.metrics()).toMatchObject({ received: 3, dropped: 1, waiting: 1 });
});

test('messages are dropped while the inbox is held, by each of those who hold it', () => {
  const { inbox, receive } = createTestInbox();
  const seen: string[] = [];
  inbox.setHandler((given) => seen.push(given.text()));
  const first = inbox.hold();
  const second = inbox.hold();
  receive('a', '1');
  first();
  first();
  receive('a', '2');
  second[Symbol.dispose]();
  receive('a', '3');
  expect(seen).toEqual(['3']);
  expect(inbox.metrics().dropped).toBe(2);
});

test('stopped, it waits for nothing, drops what waits, and takes nothing more', async () => {
  const { clock, inbox, receive, warnings } = createTestInbox();
  const seen: string[] = [];
  inbox.setHandler((given) => {
    seen.push(given.text());
    return Promise.resolve();
  });
  for (const text of ['1', '2', '3']) receive('a', text);
  inbox.stop();
  receive('b', '4');
  await settle();
  expect(clock.pending).toBe(0);
  expect(seen).toEqual(['1']);
  expect(warnings).toEqual([]);
  expect(inbox.metrics()).toMatchObject({ received: 4, dropped: 3, waiting: 0 });
});

test('a handler that stops it while messages wait is the last one called', async () => {
  const { clock, inbox, receive } = createTestInbox();
  const seen: string[] = [];
  inbox.setHandler((given) => {
    seen.push(given.text());
    if (given.text() === '2') inbox.stop();
    return Promise.resolve();
  });
  for (const text of ['1', '2', '3']) receive('a', text);
  await settle();
  expect(seen).toEqual(['1', '2']);
  expect(clock.pending).toBe(0);
  expect(inbox.metrics()).toMatchObject({ received: 3, dropped: 1, waiting: 0 });
});

test('what waits and what a slow handler is at work on keeps no chunk alive that it came in (M5)', async () => {
  const { inbox, push } = createTestInbox();
  const kept: Uint8Array[] = [];
  inbox.setHandler(async ({ payload }) => void kept.push(payload));
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (const topic of ['a', 'a', 'b', 'b', 'c']) push(topic, chunk.subarray(100, 200));
  await settle();
  expect(kept.map((payload) => payload.toString())).toEqual(Array.from({ length: 5 }, () => 'x'.repeat(100)));
  // It is the first one that shows what the handler does.
  expect(kept.slice(1).map(({ buffer }) => buffer.byteLength)).toEqual([100, 100, 100, 100]);
});

test('a handler that returns at once gets the bytes where they are', () => {
  const { inbox, push } = createTestInbox();
  const seen: Uint8Array[] = [];
  inbox.setHandler(({ payload }) => void seen.push(payload));
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (const topic of ['a', 'a', 'b']) push(topic, chunk.subarray(0, 10));
  expect(seen.map(({ buffer }) => buffer === chunk.buffer)).toEqual([true, true, true]);
});
