import { expect, test } from 'vitest';
import { fleetJitterMs } from '../../../app/messaging/jitter-window.ts';
import { platformLimit, simulate } from './simulate.ts';

test.each([
  ['at once', 300],
  ['after a minute', 60_000],
])(
  '1,000 units that lose a broker together, which is back %s, connect fewer than 20 times a second (M3)',
  (_, downMs) => {
    const { most, allBack } = simulate({ begins: 'loss', units: 1000, downMs, spreadMs: fleetJitterMs, seed: 1 });
    expect(most).toBeLessThan(20);
    expect(allBack).toBeLessThan((downMs + 1.2 * fleetJitterMs) / 1000);
  },
);

test('without a spread they come in one second', () => {
  const { most } = simulate({ begins: 'loss', units: 100, downMs: 300, spreadMs: 0, seed: 1 });
  expect(most).toBeGreaterThan(50);
});

test('a few units with a spread of their own are back soon', () => {
  const { allBack } = simulate({ begins: 'loss', units: 5, downMs: 300, spreadMs: 1000, seed: 1 });
  expect(allBack).toBeLessThan(3);
});

test.each(['quota', 'closed', 'timeout'] as const)(
  '1,000 units that start together come once together; those that are not taken (%s) spread at once (M3)',
  (excess) => {
    const { perSecond, mostLater, allBack } = simulate({
      units: 1000,
      begins: 'start',
      downMs: 0,
      spreadMs: fleetJitterMs,
      mostPerSecond: platformLimit,
      excess,
      seed: 1,
    });
    expect(perSecond[0]).toBeGreaterThanOrEqual(1000);
    expect(mostLater).toBeLessThan(platformLimit);
    expect(allBack).toBeLessThan((1.3 * fleetJitterMs) / 1000);
  },
);
