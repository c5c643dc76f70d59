import { afterEach, expect, test, vi } from 'vitest';
import { browserSystem } from '../../../adapters/browser/system.ts';
import { systemContract } from '../../contracts/system.ts';

afterEach(() => void vi.unstubAllGlobals());

const page = (memory: object | undefined, storage: object | undefined): void => {
  vi.stubGlobal('performance', { memory });
  vi.stubGlobal('navigator', { storage });
};

systemContract('browser', async () => {
  page({ usedJSHeapSize: 10, jsHeapSizeLimit: 100 }, { estimate: async () => ({ quota: 1000, usage: 300 }) });
  return browserSystem();
});

test('the heap is its memory, the quota its file system', async () => {
  page({ usedJSHeapSize: 10, jsHeapSizeLimit: 100 }, { estimate: async () => ({ quota: 1000, usage: 300 }) });
  expect(await browserSystem().measure()).toEqual({
    mem_alloc: 10,
    mem_free: 90,
    statvfs: [1, 1, 1000, 700, 700, 0, 0, 0, 0, 0],
  });
});

test.each([
  ['has neither', undefined],
  ['refuses to tell', { estimate: () => Promise.reject(new Error('private mode')) }],
  ['knows no quota', { estimate: async () => ({}) }],
])('leaves out what a browser does not tell: it %s', async (_, storage) => {
  page(undefined, storage);
  expect(await browserSystem().measure()).toEqual({});
});
