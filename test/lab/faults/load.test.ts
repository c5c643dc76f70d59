import { expect, test } from 'vitest';
import { checkLoad, noLoad, Unbounded, type Load } from './load.ts';

test.each<[string, Partial<Load>]>([
  ['nothing', {}],
  ['a full queue that drops', { waiting: 20, dropped: 5 }],
  ['a process that warms up', { grownMb: 40 }],
])('a fault may cost %s', (_, cost) => {
  expect(() => checkLoad({ ...noLoad, ...cost }, 20)).not.toThrow();
});

test.each<[string, Partial<Load>]>([
  ['a queue beyond its bound', { waiting: 21 }],
  ['more on the link than it may have', { sending: 2_000 }],
  ['a message dropped while there was room', { waiting: 19, dropped: 1 }],
  ['a process that grows on and on', { grownMb: 500 }],
])('a fault may not cost %s', (_, cost) => {
  expect(() => checkLoad({ ...noLoad, ...cost }, 20)).toThrow(Unbounded);
});
