import { expect, test } from 'vitest';
import { createCursor, createRing } from '../../../app/inspector/ring.ts';

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `["l",${from + index},"Info","${from + index}"]`);

const fill = (ring: ReturnType<typeof createRing>, from: number, to: number) => numbered(from, to).forEach(ring.append);

test('a reader gets what was appended, in order, and reads on from there', () => {
  const ring = createRing();
  fill(ring, 0, 3);
  expect(ring.read(0, 1e6)).toEqual({ first: 0, next: 3, lost: 0, lines: numbered(0, 3) });
  fill(ring, 3, 5);
  expect(ring.read(3, 1e6)).toEqual({ first: 3, next: 5, lost: 0, lines: numbered(3, 5) });
  expect(ring.read(5, 1e6)).toEqual({ first: 5, next: 5, lost: 0, lines: [] });
});

test('the oldest lines fall out, and a slow reader learns exactly how many it lost', () => {
  const ring = createRing({ maxLines: 10 });
  fill(ring, 0, 4);
  const { next } = ring.read(0, 1e6);
  fill(ring, 4, 30);
  expect(ring).toMatchObject({ oldest: 20, next: 30 });
  expect(ring.read(next, 1e6)).toEqual({ first: 20, next: 30, lost: 16, lines: numbered(20, 30) });
});

test('it holds no more bytes than it may, counted in UTF-8', () => {
  const line = JSON.stringify(['l', 0, 'Info', 'Тёплый дом 🏠'.repeat(10)]);
  const size = Buffer.byteLength(line);
  const ring = createRing({ maxBytes: 5 * size + 1 });
  for (let count = 0; count < 12; count += 1) ring.append(line);
  expect(ring).toMatchObject({ oldest: 7, next: 12, bytes: 5 * size });
});

test('a line above the whole bound stands alone', () => {
  const ring = createRing({ maxBytes: 100 });
  fill(ring, 0, 3);
  ring.append('x'.repeat(200));
  expect(ring).toMatchObject({ oldest: 3, next: 4 });
});

test('reads are cut by bytes, with at least one line each', () => {
  const ring = createRing();
  fill(ring, 0, 10);
  const read: string[] = [];
  const cursor = createCursor(ring);
  for (let one = cursor.read(1); one; one = cursor.read(1)) {
    expect(one.lines).toHaveLength(1);
    read.push(...one.lines);
  }
  expect(read).toEqual(numbered(0, 10));
});

test('a reader that comes when the beginning has fallen out gets the run, its charts, settings and topics first', () => {
  const ring = createRing({ maxLines: 5 });
  const [oldRun, run] = ['["run",{"unit":"a"}]', '["run",{"unit":"b"}]'];
  ring.append(oldRun);
  ring.append('["chart","00","old",{}]');
  ring.append(run);
  ring.append('["chart","01","unit",{}]');
  ring.append('["env",1,{"DELAY":1}]');
  ring.append('["env",2,{"DELAY":2}]');
  ring.append('["topics",3,{"a/b":"state"}]');
  fill(ring, 0, 20);
  const cursor = createCursor(ring);
  const head = cursor.read(1e6);
  expect(head?.lines).toEqual([
    run,
    '["chart","01","unit",{}]',
    '["env",2,{"DELAY":2}]',
    '["topics",3,{"a/b":"state"}]',
  ]);
  const rest = cursor.read(1e6);
  expect(rest?.lines).toEqual(numbered(15, 20));
  expect((head?.lines.length ?? 0) + (rest?.lost ?? 0) + (rest?.lines.length ?? 0)).toBe(ring.next);
});

const chartOf = (number: number) => `["chart","${number}","unit",{"a":"${'x'.repeat(200)}"}]`;

test('what is kept of the charts that have fallen out is bounded, the newest first', () => {
  const ring = createRing({ maxLines: 5, maxBytes: 4000 });
  const run = '["run",{"unit":"a"}]';
  ring.append(run);
  for (let number = 0; number < 1000; number += 1) ring.append(chartOf(number));
  expect(ring.preamble()).toEqual([run, ...[991, 992, 993, 994].map(chartOf)]);
});
