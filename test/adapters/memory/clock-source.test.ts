import { expect, test } from 'vitest';
import { memoryClockSource } from '../../../adapters/memory/clock-source.ts';
import { clockSourceContract } from '../../contracts/clock-source.ts';

clockSourceContract('memory', async () => {
  const source = memoryClockSource(1234);
  return { source, offsetMs: () => 1234, withinMs: 0, silence: () => void source.hold() };
});

test('fails as told, once, and counts how often it was asked', async () => {
  const source = memoryClockSource(5);
  const lost = new Error('lost');
  source.failNext(lost);
  const { signal } = new AbortController();
  await expect(source.readOffset(signal)).rejects.toBe(lost);
  source.offsetMs = 6;
  expect(await source.readOffset(signal)).toBe(6);
  expect(source.reads).toBe(2);
});

test('holds an answer until it is let go', async () => {
  const source = memoryClockSource(7);
  const release = source.hold();
  const reading = source.readOffset(new AbortController().signal);
  release();
  expect(await reading).toBe(7);
});

test('out of reach, each reading fails, until it is back', async () => {
  const source = memoryClockSource(7);
  const { signal } = new AbortController();
  source.isReachable = false;
  await expect(source.readOffset(signal)).rejects.toMatchObject({ code: 'network' });
  source.isReachable = true;
  expect(await source.readOffset(signal)).toBe(7);
});
