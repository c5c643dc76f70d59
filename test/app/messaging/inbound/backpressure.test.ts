import { expect, test } from 'vitest';
import type { InboxClass } from '../../../../app/messaging/inbound/topic-queues.ts';
import { message, createTestInbox } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

const eight = { messages: 8, bytes: 1000, handlerMs: 60_000 };

/** An inbox whose handler ends its work when told so, topic by topic. */
const working = (limits = eight) => {
  const parts = createTestInbox(limits);
  const endings = new Map<string, () => void>();
  const seen: string[] = [];
  parts.inbox.setHandler((given) => {
    seen.push(given.text());
    return new Promise<void>((resolve) => endings.set(given.topic, resolve));
  });
  let pushed = 0;
  return {
    ...parts,
    seen,
    /** Pushes one message more, numbered. @returns What holds back those after it. */
    push: (topic = 'a', of: InboxClass = 'input', text = String((pushed += 1))) =>
      parts.inbox.push(message(topic, text), of),
    finish: async (count: number, topic = 'a') => {
      for (let done = 0; done < count; done += 1) {
        endings.get(topic)?.();
        await settle();
      }
    },
  };
};

/** Whether what a push returned holds back still. */
const isHeld = async (held: Promise<void> | undefined): Promise<boolean> => {
  let over = held === undefined;
  void held?.then(() => (over = true));
  await settle();
  return !over;
};

test('nothing is held back while the handler keeps up (M5, X7)', async () => {
  const { inbox } = createTestInbox();
  inbox.setHandler(() => undefined);
  expect(inbox.push(message('a', 'x'), 'input')).toBeUndefined();
  inbox.setHandler(() => Promise.resolve());
  for (let index = 0; index < 100; index += 1) expect(inbox.push(message('a', 'x'), 'input')).toBeUndefined();
  while (inbox.metrics().waiting > 0) await settle();
  expect(inbox.metrics()).toEqual({ received: 101, dropped: 0, waiting: 0, pauses: 0, unsolicited: 0 });
});

test('what follows is held back when three quarters of the room are taken, until half of it is free (M5)', async () => {
  const { clock, inbox, push, finish, seen } = working();
  for (let waiting = 0; waiting <= 5; waiting += 1) expect(push()).toBeUndefined();
  const held = push();
  expect(await isHeld(held)).toBe(true);
  expect(push()).toBe(held);
  await finish(2);
  expect(await isHeld(held)).toBe(true);
  await finish(1);
  expect(await isHeld(held)).toBe(false);
  expect(clock.pending).toBe(1);
  await finish(10);
  expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  expect(inbox.metrics()).toEqual({ received: 8, dropped: 0, waiting: 0, pauses: 1, unsolicited: 0 });
  expect(clock.pending).toBe(0);
});

test('it is held back for bytes as well (M5)', async () => {
  const { push } = working({ messages: 100, bytes: 8, handlerMs: 60_000 });
  expect(push('a', 'input', 'at work')).toBeUndefined();
  expect(push('a', 'input', '12345')).toBeUndefined();
  expect(await isHeld(push('a', 'input', '6'))).toBe(true);
});

test('it is held back while handlers of many topics are at work, until half of them have settled (M5)', async () => {
  const { push, finish } = working();
  for (let topic = 1; topic <= 5; topic += 1) expect(push(`topic ${topic}`)).toBeUndefined();
  const held = push('topic 6');
  expect(await isHeld(held)).toBe(true);
  await finish(1, 'topic 1');
  expect(await isHeld(held)).toBe(true);
  await finish(1, 'topic 2');
  expect(await isHeld(held)).toBe(false);
});

test('a handler that never settles holds back for the limit and no longer; then what passes the limits is dropped (M5)', async () => {
  const { clock, inbox, push, warnings } = working();
  for (let waiting = 0; waiting <= 5; waiting += 1) void push();
  const held = push();
  clock.advance(1999);
  expect(await isHeld(held)).toBe(true);
  clock.advance(1);
  expect(await isHeld(held)).toBe(false);
  for (let more = 0; more < 10; more += 1) expect(push()).toBeUndefined();
  expect(inbox.metrics()).toEqual({ received: 17, dropped: 8, waiting: 8, pauses: 1, unsolicited: 0 });
  expect(warnings).toHaveLength(1);
});

test('all pauses of one overload together keep to the limit, and the next overload has it anew (M5)', async () => {
  const { clock, push, finish, inbox } = working();
  const fill = () => {
    let held = push();
    while (!held && inbox.metrics().waiting < 8) held = push();
    return held;
  };
  let pausedMs = 0;
  for (let held = fill(); held; held = fill()) {
    while (await isHeld(held)) {
      clock.advance(150);
      pausedMs += 150;
      await finish(1);
    }
    expect(pausedMs).toBeLessThan(3000);
  }
  expect(pausedMs).toBeGreaterThanOrEqual(2000);
  expect(pausedMs).toBeLessThan(2150);
  const { pauses } = inbox.metrics();
  expect(pauses).toBeGreaterThan(2);
  await finish(5);
  expect(fill()).toBeUndefined();
  await finish(7);
  expect(await isHeld(fill())).toBe(true);
  expect(inbox.metrics().pauses).toBe(pauses + 1);
});

test('commands hold nothing back, and inputs at work on many topics leave them their room (M5)', () => {
  const { inbox, push, seen } = working();
  for (let index = 0; index < 20; index += 1) expect(push('update', 'command')).toBeUndefined();
  for (let topic = 0; topic < 20; topic += 1) void push(`topic ${topic}`);
  expect(inbox.metrics()).toMatchObject({ waiting: 8, dropped: 11 + 12 });
  void push('env_update', 'command', 'a command');
  expect(seen).toContain('a command');
});

test.each(['stop', 'hold'] as const)(
  '%s lets go on at once what was held back, and leaves no timer (M12)',
  async (call) => {
    const { clock, inbox, push } = working();
    for (let waiting = 0; waiting <= 5; waiting += 1) void push();
    const held = push();
    const timers = clock.pending;
    expect(await isHeld(held)).toBe(true);
    inbox[call]();
    expect(await isHeld(held)).toBe(false);
    expect(clock.pending).toBe(call === 'stop' ? 0 : timers - 1);
    expect(push()).toBeUndefined();
  },
);

test('a handler that rejects every other message loses none, where the sender waits as it is told (M5)', async () => {
  const { inbox } = createTestInbox(eight);
  const seen: string[] = [];
  inbox.setHandler(async (given) => {
    await settle();
    seen.push(given.text());
    if (Number(given.text()) % 2 === 0) throw new Error('even');
  });
  for (let index = 0; index < 1000; index += 1) await inbox.push(message('a', String(index)), 'input');
  while (seen.length < 1000) await settle();
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => String(index)));
  expect(inbox.metrics().dropped).toBe(0);
});
