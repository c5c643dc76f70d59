import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { clockContract } from '../../contracts/clock.ts';

clockContract('the host’s', () => ({
  clock: systemClock(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

describe('waits longer than a host’s timer can count', () => {
  const day = 86_400_000;
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('fire when they are due, not at once', () => {
    const fired = vi.fn<() => void>();
    systemClock().setTimeout(fired, 30 * day);
    vi.advanceTimersByTime(30 * day - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
  });

  test('can be cleared after their first stretch', () => {
    const fired = vi.fn<() => void>();
    const clock = systemClock();
    const id = clock.setTimeout(fired, 60 * day);
    vi.advanceTimersByTime(40 * day);
    clock.clearTimeout(id);
    vi.advanceTimersByTime(40 * day);
    expect(fired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
