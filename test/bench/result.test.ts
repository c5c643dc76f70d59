import { expect, test } from 'vitest';
import { missedLines } from './report.ts';
import { compared, judged } from './result.ts';
import { spreadOf } from './spread.ts';

test('a spread has the middle of an even number of measurements, and its ends', () => {
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
});

test('clients are compared pair by pair, not median by median', () => {
  const { ratio, difference } = compared([
    { bare: 1, unit: 4 },
    { bare: 10, unit: 10 },
    { bare: 2, unit: 4 },
  ]);
  expect({ ratio: ratio.median, difference: difference.median }).toEqual({ ratio: 2, difference: 2 });
});

test('a row meets its targets at their values, and a missed one is named with what limits it', () => {
  const head = { id: 'row', title: 'a row', limit: 'the sun' };
  const measured = compared([{ bare: 1, unit: 4 }]);
  const met = judged({ ...head, targets: [{ of: 'ratio', is: 'least', value: 4 }] }, measured);
  const missed = judged({ ...head, targets: [{ of: 'unit', is: 'most', value: 3.9 }] }, measured);
  expect([met, missed].map(({ targets }) => targets.map(({ isMet }) => isMet))).toEqual([[true], [false]]);
  expect(missedLines([met, missed])).toEqual(['a row: the sun']);
  expect(missedLines([missed, { ...missed, title: 'another' }])).toEqual(['a row; another: the sun']);
});

test('what was not measured meets no target', () => {
  const { targets } = judged(
    { id: 'row', title: 'a row', targets: [{ of: 'cpuRatio', is: 'most', value: 1 }] },
    compared([{ bare: 1, unit: 1 }]),
  );
  expect(targets.map(({ isMet }) => isMet)).toEqual([false]);
});
