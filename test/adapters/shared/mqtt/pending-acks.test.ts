import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { PendingAcks } from '../../../../adapters/shared/mqtt/pending-acks.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
});

const ignore = () => undefined;

const watched = () => {
  const overdue: [string, number][] = [];
  const slow = vi.fn<() => void>();
  const acks = new PendingAcks(10_000, { onOverdue: (...told) => overdue.push(told), onSlow: slow });
  return { acks, overdue, slow, expectAck: (what: string, bytes: number) => acks.expect(what, bytes, ignore, ignore) };
};

test('a message that the line takes long for has the time of the slowest line (M20)', () => {
  const { acks, overdue, slow, expectAck } = watched();
  const large = expectAck('large', 8000);
  expect(acks.isCarrying()).toBe(true);
  vi.advanceTimersByTime(41_000);
  expect(overdue).toEqual([]);
  expect(slow).toHaveBeenCalledTimes(4);
  acks.settle(large);
  expect(acks.isCarrying()).toBe(false);
});

test('a large message that never gets through is overdue once its time is over (M4, M20)', () => {
  const { overdue, expectAck } = watched();
  expectAck('large', 8000);
  vi.advanceTimersByTime(43_000);
  expect(overdue).toEqual([['large', 42_000]]);
});

test('small messages are overdue as soon as ever, however many follow (M4, M20)', () => {
  const { acks, overdue, slow, expectAck } = watched();
  for (let at = 0; at < 9; at += 1) {
    expectAck(`small ${at}`, 200);
    vi.advanceTimersByTime(1000);
  }
  expect(acks.isCarrying()).toBe(false);
  vi.advanceTimersByTime(1500);
  expect(overdue).toEqual([['small 0', 10_000]]);
  expect(slow).not.toHaveBeenCalled();
});

test('a small message behind a large one has its own, short time (M4, M20)', () => {
  const { acks, overdue, expectAck } = watched();
  const large = expectAck('large', 8000);
  expectAck('small', 200);
  vi.advanceTimersByTime(16_000);
  acks.settle(large);
  vi.advanceTimersByTime(10_001);
  expect(overdue).toEqual([['small', 10_000]]);
});

test('a link that has shown its rate has the time of that rate (M20)', () => {
  const { acks, overdue, expectAck } = watched();
  const first = expectAck('first', 8000);
  vi.advanceTimersByTime(8000);
  acks.settle(first);
  expectAck('second', 8000);
  vi.advanceTimersByTime(18_001);
  expect(overdue).toEqual([['second', 18_000]]);
});

test('the time starts again when the socket has taken what waited (M20)', () => {
  const { acks, overdue, expectAck } = watched();
  expectAck('large', 8000);
  vi.advanceTimersByTime(40_000);
  acks.moved();
  vi.advanceTimersByTime(41_000);
  expect(overdue).toEqual([]);
  vi.advanceTimersByTime(2000);
  expect(overdue).toEqual([['large', 42_000]]);
});

test('messages of QoS 0 count with the next that is acknowledged, as far as the line may still have them (M20)', () => {
  const { acks, overdue, expectAck } = watched();
  acks.passing(8000);
  expect(acks.isLongUntimed()).toBe(true);
  vi.advanceTimersByTime(16_000);
  expectAck('small', 1000);
  expect(acks.isLongUntimed()).toBe(false);
  vi.advanceTimersByTime(30_001);
  expect(overdue).toEqual([['small', 30_000]]);
});

test('few bytes of QoS 0 now and then are never long (M20)', () => {
  const { acks } = watched();
  for (let at = 0; at < 100; at += 1) {
    acks.passing(200);
    expect(acks.isLongUntimed()).toBe(false);
    vi.advanceTimersByTime(1000);
  }
});

test('what arrives starts the time again, until something later is answered (M20)', () => {
  const { acks, overdue, expectAck } = watched();
  expectAck('skipped', 200);
  for (let at = 0; at < 5; at += 1) {
    vi.advanceTimersByTime(9000);
    acks.moved();
  }
  expect(overdue).toEqual([]);
  acks.settle(expectAck('later', 200));
  for (let at = 0; at < 5; at += 1) {
    vi.advanceTimersByTime(2001);
    acks.moved();
  }
  expect(overdue).toEqual([['skipped', 10_000]]);
});

test('an answer to a ping that was sent later shows that the line has carried a large one (M4, M20)', () => {
  const { acks, overdue, expectAck } = watched();
  const before = acks.here();
  expectAck('large', 8000);
  before();
  expect(acks.isCarrying()).toBe(true);
  acks.here()();
  expect(acks.isCarrying()).toBe(false);
  vi.advanceTimersByTime(10_001);
  expect(overdue).toEqual([['large', 10_000]]);
});
