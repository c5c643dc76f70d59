import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exactNames } from '../../../adapters/shared/archive/entry-names.ts';
import { corpus } from './corpus.ts';
import { openCourt, type Court, type Verdict } from './judge.ts';

declare module 'vitest' {
  interface TaskMeta {
    verdict?: Verdict;
    peakRssMb?: number;
  }
}

const mebibyte = 1024 * 1024;
/** Far below what any of the bombs unpacks to. */
const mostGrowth = 150 * mebibyte;

let court: Court;
let idle: number;
let peak: number;
let sampling: NodeJS.Timeout;
beforeAll(async () => {
  court = await openCourt();
  idle = process.memoryUsage.rss();
  peak = idle;
  sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
});
afterAll(async () => {
  clearInterval(sampling);
  await court.close();
});

test('the corpus is large, and no archive of it is there twice', () => {
  expect(corpus.length).toBeGreaterThan(150);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
});

describe('a hostile archive is refused as a whole, and nothing but the refusal is left of it (U5, U6, U7, C6)', () => {
  test.for(corpus)('$name', async (specimen, { task }) => {
    const verdict = await court.judge(specimen);
    task.meta.verdict = verdict;
    expect(verdict.refusal?.code).toMatch(/^(malformed|hostile|tooLarge)$/);
    expect(verdict.escaped).toBe(false);
  });
});

describe('what another host alone can not hold is taken where names are exact (U7)', () => {
  test.for(corpus.filter(({ where }) => where !== undefined))('$name', async (specimen) => {
    expect((await court.judge(specimen, exactNames)).refusal).toBeUndefined();
  });
});

test('memory stays flat all through the corpus (U6)', ({ task }) => {
  task.meta.peakRssMb = Math.round((peak - idle) / mebibyte);
  expect(peak - idle).toBeLessThan(mostGrowth);
});
