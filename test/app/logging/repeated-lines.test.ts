import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryLogSink } from '../../../adapters/memory/log-sink.ts';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import { BrokerError, ClockError } from '../../../services/errors.ts';
import { settle } from '../../support/until.ts';

const minuteMs = 60_000;

let shown: ReturnType<typeof memoryLogSink>;
let unit: TestUnit;
/** The lines so far, each with the minute in which it was logged. */
let said: { text: string; atMs: number }[];

beforeEach(() => {
  shown = memoryLogSink();
  said = [];
  const write = (entry: Parameters<typeof shown.write>[0]) => {
    shown.write(entry);
    said.push({ text: entry.text, atMs: unit.world.clock.monotonic() });
  };
  unit = createTestUnit({ ffConsoleLogEnable: true, adapters: { console: { ...shown, write } } });
});
afterEach(() => unit.client.stopMainCycle());

const pass = async (ms: number, stepMs = 1000) => {
  for (let passed = 0; passed < ms; passed += stepMs) {
    unit.world.clock.advance(stepMs);
    await settle();
  }
};

const kindOf = (text: string) => text.replace(/ \(\d+ more times?\)$/, '').replaceAll(/\d+/g, '#');

/** The most often that a line was logged within a minute. */
const mostInAMinute = (): number => {
  const times = new Map<string, number[]>();
  let most = 0;
  for (const { text, atMs } of said) {
    const recent = (times.get(kindOf(text)) ?? []).filter((earlier) => earlier > atMs - minuteMs);
    recent.push(atMs);
    times.set(kindOf(text), recent.slice(-10));
    most = Math.max(most, recent.length);
  }
  return most;
};

/** How often a text happened, by the log: lines, and what they count. */
const counted = (start: string): number =>
  said
    .filter(({ text }) => text.startsWith(start))
    .reduce((sum, { text }) => sum + Number(/\((\d+) more times?\)$/.exec(text)?.[1] ?? 1), 0);

describe('what happens again and again is counted (L7)', () => {
  test('an output handler that fails in each cycle', async () => {
    let calls = 0;
    unit.client.setOutputHandler(() => {
      calls += 1;
      throw new Error(`no sensor at reading ${calls}`);
    });
    void unit.client.runMainCycle();
    await unit.client.ready();
    await pass(20 * minuteMs, 5000);
    expect(calls).toBeGreaterThan(1000);
    expect(mostInAMinute()).toBeLessThanOrEqual(3);
    expect(said.filter(({ text }) => text.includes('output handler')).length).toBeLessThan(12);
    await unit.client.stopMainCycle();
    expect(counted('The output handler failed: no sensor')).toBe(calls);
  });

  test('an input handler that fails on each message', async () => {
    unit.client.setMqttInputHandler(() => {
      throw new Error('no such fan');
    });
    await unit.client.ready();
    const [topic = ''] = unit.client.schema.inputTopic['input/pepeunit'] ?? [];
    for (let message = 0; message < 500; message += 1) unit.world.broker.send(topic, 'x');
    await pass(10_000);
    expect(said.filter(({ text }) => text.startsWith('The input handler failed'))).toHaveLength(2);
    await pass(2 * minuteMs);
    expect(counted('The input handler failed')).toBe(500);
  });

  test('a broker that is away for a day, and a time server that never answers', async () => {
    await unit.client.ready();
    for (let time = 0; time < 1000; time += 1)
      unit.world.clockSource.failNext(new ClockError('network', 'no time server answers'));
    unit.world.broker.refuse(new BrokerError('network', 'the broker is away'));
    unit.world.broker.cut();
    await pass(24 * 60 * minuteMs, 30_000);
    expect(mostInAMinute()).toBeLessThanOrEqual(3);
    expect(said.length).toBeLessThan(100);
  });

  test('a link that is cut again and again', async () => {
    await unit.client.ready();
    for (let cut = 0; cut < 100; cut += 1) {
      unit.world.broker.cut();
      await pass(5000);
    }
    expect(mostInAMinute()).toBeLessThanOrEqual(3);
  });

  test('commands that make no sense', async () => {
    await unit.client.ready();
    const [topic = ''] = unit.client.schema.inputBaseTopic['update/pepeunit'] ?? [];
    for (let message = 0; message < 500; message += 1) unit.world.broker.send(topic, `{"COMMAND":${message}`);
    await pass(10_000);
    expect(mostInAMinute()).toBeLessThanOrEqual(3);
  });
});

test('what the app itself logs is never counted', async () => {
  await unit.client.ready();
  for (let time = 0; time < 50; time += 1) unit.client.logger.info('the fan runs');
  expect(said.filter(({ text }) => text === 'the fan runs')).toHaveLength(50);
});

test('a line that comes back after a long quiet time is told at once, as it is', async () => {
  unit.client.setMqttInputHandler(() => {
    throw new Error('no such fan');
  });
  await unit.client.ready();
  const [topic = ''] = unit.client.schema.inputTopic['input/pepeunit'] ?? [];
  for (const hour of [1, 2, 3]) {
    unit.world.broker.send(topic, `${hour}`);
    await pass(20 * minuteMs, 10_000);
  }
  const lines = said.filter(({ text }) => text.startsWith('The input handler failed')).map(({ text }) => text);
  expect(lines).toEqual(Array(3).fill('The input handler failed: no such fan'));
});

test('a stop tells what was counted, and leaves no timer (M12)', async () => {
  unit.client.setMqttInputHandler(() => {
    throw new Error('no such fan');
  });
  await unit.client.ready();
  const [topic = ''] = unit.client.schema.inputTopic['input/pepeunit'] ?? [];
  for (let message = 0; message < 7; message += 1) unit.world.broker.send(topic, 'x');
  await pass(1000);
  await unit.client.stopMainCycle();
  expect(said.map(({ text }) => text)).toContain('The input handler failed: no such fan (5 more times)');
  expect(unit.world.clock.pending).toBe(0);
});
