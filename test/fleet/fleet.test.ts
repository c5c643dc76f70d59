import { expect, test } from 'vitest';
import { fleetSpreadMs } from '../../app/plane/spread.ts';
import { simulate } from './simulate.ts';

test.each([
  ['at once', 300],
  ['after a minute', 60_000],
])(
  '1,000 units that lose a broker together, which is back %s, connect fewer than 20 times a second (M3)',
  { timeout: 60_000 },
  (_, downMs) => {
    const { most, allBack } = simulate({ units: 1000, downMs, spreadMs: fleetSpreadMs, seed: 1 });
    expect(most).toBeLessThan(20);
    expect(allBack).toBeLessThan((downMs + 1.2 * fleetSpreadMs) / 1000);
  },
);

test('without a spread they come in one second', () => {
  const { most } = simulate({ units: 100, downMs: 300, spreadMs: 0, seed: 1 });
  expect(most).toBeGreaterThan(50);
});

test('a few units with a spread of their own are back soon', () => {
  const { allBack } = simulate({ units: 5, downMs: 300, spreadMs: 1000, seed: 1 });
  expect(allBack).toBeLessThan(3);
});
