import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { BrokerError } from '../../services/errors.ts';
import { settle } from '../support/until.ts';
import { begin, linkThat, plane } from './link-under-test.ts';

/** A link to a broker that answers pings as it is told to. */
const pinged = async (pingIntervalMs: number) => {
  const timers = fakeClock();
  let stalledMs = 0;
  const clock = { ...timers, monotonic: () => timers.monotonic() + stalledMs };
  const answers: (() => void)[] = [];
  const broker = { isSilent: false };
  const ping = () => new Promise<void>((resolve) => void (broker.isSilent ? answers.push(resolve) : resolve()));
  const asked = vi.fn<() => Promise<void>>(ping);
  const unit = begin({ open: async () => linkThat({ ping: asked }) }, plane(), clock);
  unit.actor.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs });
  await settle();
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      timers.advance(50);
      await settle();
    }
  };
  /** Time passes in which the program does nothing. */
  const stall = (ms: number) => {
    stalledMs += ms;
  };
  const isOnline = () => unit.actor.getSnapshot().matches({ linked: { open: 'online' } });
  onTestFinished(() => {
    unit.actor.stop();
    expect(timers.pending).toBe(0);
  });
  return { ...unit, stall, broker, asked, pass, isOnline, answer: () => answers.shift()?.() };
};

describe('signs of life (M4)', () => {
  test('are asked for each ping interval', async () => {
    const { asked, pass } = await pinged(5000);
    await pass(50_000);
    expect(asked.mock.calls.length).toBeGreaterThanOrEqual(10);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(11);
  });

  test('a link without any for two intervals ends', async () => {
    const { broker, pass, isOnline, parent } = await pinged(5000);
    broker.isSilent = true;
    await pass(9000);
    expect(isOnline()).toBe(true);
    await pass(1000);
    expect(isOnline()).toBe(false);
    const message = expect.stringContaining('gave no sign of life');
    expect(parent.facts.at(-1)).toMatchObject({ type: 'mqtt.offline', failure: { code: 'timeout', message } });
  });

  test('one that comes late, but in time, is enough', async () => {
    const { broker, pass, isOnline, answer } = await pinged(5000);
    broker.isSilent = true;
    await pass(9000);
    answer();
    broker.isSilent = false;
    await pass(60_000);
    expect(isOnline()).toBe(true);
  });

  test('are asked for in time, however often the wish for the link is repeated', async () => {
    const { actor, asked, pass } = await pinged(5000);
    for (let second = 0; second < 20; second += 1) {
      actor.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs: 5000 });
      await pass(1000);
    }
    expect(asked.mock.calls.length).toBeGreaterThanOrEqual(4);
  });

  test('a ping that fails ends the link', async () => {
    const { asked, pass, isOnline } = await pinged(5000);
    asked.mockRejectedValueOnce(new BrokerError('closed', 'gone'));
    await pass(5000);
    expect(isOnline()).toBe(false);
  });

  test('those of many links are asked for together, by one timer', async () => {
    const clock = fakeClock();
    const asked: number[] = [];
    const ping = async () => void asked.push(clock.monotonic());
    const units = [];
    for (let unit = 0; unit < 100; unit += 1) {
      units.push(begin({ open: async () => linkThat({ ping }) }, plane(), clock));
      await settle();
      clock.advance(37);
    }
    const passSeconds = async (count: number) => {
      for (let second = 0; second < count; second += 1) {
        clock.advance(1000);
        await settle();
      }
    };
    await passSeconds(60);
    const before = asked.length;
    await passSeconds(20);
    expect(asked.length - before).toBeGreaterThanOrEqual(100);
    expect(new Set(asked.slice(before)).size).toBeLessThanOrEqual(6);
    await passSeconds(600);
    expect(clock.pending).toBe(1);
    for (const { actor } of units) actor.stop();
    expect(clock.pending).toBe(0);
  });
});

test('a link that ends at the moment in which many are asked is not asked any more', async () => {
  const clock = fakeClock();
  const asked: string[] = [];
  const begun = (name: string, onAsked: () => void) => {
    const ping = async () => {
      asked.push(name);
      onAsked();
    };
    return begin({ open: async () => linkThat({ ping }) }, plane(), clock);
  };
  const first = begun('first', () => second.actor.stop());
  const second = begun('second', () => undefined);
  for (const { actor } of [first, second]) {
    actor.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs: 5000 });
  }
  await settle();
  clock.advance(5000);
  await settle();
  expect(asked).toEqual(['first']);
  first.actor.stop();
  expect(clock.pending).toBe(0);
});

describe('a program that was held up (M13)', () => {
  test('a link that died meanwhile is noticed within two ping intervals', async () => {
    const { stall, broker, pass, isOnline } = await pinged(5000);
    await pass(5000);
    broker.isSilent = true;
    stall(3_600_000);
    await pass(10_000);
    expect(isOnline()).toBe(false);
  });

  test('a link that died is noticed also by one that is held up before each beat', async () => {
    const { stall, broker, pass, parent } = await pinged(5000);
    broker.isSilent = true;
    for (let beat = 0; beat < 8; beat += 1) {
      await pass(3000);
      stall(4000);
    }
    expect(parent.facts).toContainEqual(expect.objectContaining({ type: 'mqtt.offline' }));
  });

  test('one whose answer came meanwhile, and was not read yet, is kept', async () => {
    const { stall, broker, pass, isOnline, answer } = await pinged(5000);
    broker.isSilent = true;
    await pass(5000);
    stall(3_600_000);
    answer();
    broker.isSilent = false;
    await pass(60_000);
    expect(isOnline()).toBe(true);
  });
});
