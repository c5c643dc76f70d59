import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { memoryClockSource } from '../../../adapters/memory/clock-source.ts';
import { sharedClockSource } from '../../../adapters/shared/shared-clock-source.ts';
import { ClockError } from '../../../services/errors.ts';
import { clockSourceContract } from '../../contracts/clock-source.ts';
import { settle } from '../../support/until.ts';

const { signal } = new AbortController();

/** The sources of several units of one process, each with an adapter of its own; they ask the same time server. */
const unitsOn = (clock = fakeClock(), host = 'The time server pool') => {
  const server = memoryClockSource(7);
  const unit = () => sharedClockSource({ readOffset: (given) => server.readOffset(given) }, host, clock);
  return { clock, server, unit };
};

clockSourceContract('shared', async () => {
  const { server, unit } = unitsOn();
  return { source: unit(), offsetMs: () => 7, withinMs: 0, silence: () => void server.hold() };
});

test('two units that ask at the same time, or right after, take one reading', async () => {
  const { clock, server, unit } = unitsOn();
  await expect(Promise.all([unit().readOffset(signal), unit().readOffset(signal)])).resolves.toEqual([7, 7]);
  clock.advance(800);
  await expect(unit().readOffset(signal)).resolves.toBe(7);
  expect(server.reads).toBe(1);
  clock.advance(100);
  server.offsetMs = 8;
  await expect(unit().readOffset(signal)).resolves.toBe(8);
  expect(server.reads).toBe(2);
});

test('a reading that fails fails for all who wait for it, and the next try of each asks anew', async () => {
  const { clock, server, unit } = unitsOn();
  const failure = new ClockError('timeout', 'The server is silent.');
  server.failNext(failure);
  const both = await Promise.allSettled([unit().readOffset(signal), unit().readOffset(signal)]);
  expect(both).toEqual([
    { status: 'rejected', reason: failure },
    { status: 'rejected', reason: failure },
  ]);
  clock.advance(500);
  await expect(unit().readOffset(signal)).rejects.toBe(failure);
  clock.advance(500);
  await expect(unit().readOffset(signal)).resolves.toBe(7);
  expect(server.reads).toBe(2);
});

describe('a unit that leaves amid a shared reading', () => {
  test('is told so at once, and the others get their answer', async () => {
    const { server, unit } = unitsOn();
    const release = server.hold();
    const leaving = new AbortController();
    const left = unit().readOffset(leaving.signal);
    const stays = unit().readOffset(signal);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'aborted' });
    release();
    await expect(stays).resolves.toBe(7);
    expect(server.reads).toBe(1);
  });

  test('stops it, if it was the last one; who comes then asks anew', async () => {
    const clock = fakeClock();
    const signals: AbortSignal[] = [];
    const silent = {
      readOffset: (given: AbortSignal) => {
        signals.push(given);
        return new Promise<number>((_, reject) => given.addEventListener('abort', () => reject(new Error('stopped'))));
      },
    };
    const source = sharedClockSource(silent, 'a silent server', clock);
    const [one, other] = [new AbortController(), new AbortController()];
    const waits = [source.readOffset(one.signal), source.readOffset(other.signal)];
    one.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    other.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ name: 'ClockError', code: 'aborted' });
    const last = new AbortController();
    const next = source.readOffset(last.signal);
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    last.abort();
    await expect(next).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('units with another time server, or another clock, take their own readings', async () => {
  const { clock, server, unit } = unitsOn();
  const elsewhere = sharedClockSource(server, 'The time server lab', clock);
  const otherClock = sharedClockSource(server, 'The time server pool', fakeClock());
  await Promise.all([unit(), elsewhere, otherClock].map((source) => source.readOffset(signal)));
  expect(server.reads).toBe(3);
});

test('a reading before a suspend, in which the monotonic clock stands still, is no reading of now', async () => {
  const { clock, server, unit } = unitsOn();
  await unit().readOffset(signal);
  clock.jump(3_600_000);
  await unit().readOffset(signal);
  expect(server.reads).toBe(2);
});
