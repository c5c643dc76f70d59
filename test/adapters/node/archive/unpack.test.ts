import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { hostFs, type FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { createConcurrencyLimiter } from '../../../../adapters/node/fs/concurrency-limiter.ts';
import { unpackInto } from '../../../../adapters/node/archive/unpack.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import { inChunks, tarOf } from '../../../support/tar.ts';
import { temporaryFolder } from '../../../support/folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const textOf = (index: number): string => `${index} `.repeat(index * 7);
const archiveOf = (files: number) =>
  tarOf(
    { name: 'empty/', type: 'directory' },
    ...Array.from({ length: files }, (_, index) => ({ name: `d${index % 7}/f${index}`, text: textOf(index) })),
    { name: 'large.bin', text: 'x'.repeat(1_000_000) },
  );

/** The host's file system, with each step told. */
const traced = (steps: string[], fail: (step: string) => void = () => undefined): FileSystem => {
  const step = (what: string, at: string) => {
    const told = `${what} ${path.relative(folder, at)}`;
    steps.push(told);
    fail(told);
  };
  return {
    ...hostFs,
    open: async (at, flags, mode) => {
      const handle = await hostFs.open(at, flags, mode);
      return {
        chmod: (bits) => handle.chmod(bits),
        chown: (uid, gid) => handle.chown(uid, gid),
        close: () => handle.close(),
        createReadStream: (options) => handle.createReadStream(options),
        writeFile: (content) => (step('write', at), handle.writeFile(content)),
        sync: () => (step('sync', at), handle.sync()),
      };
    },
  };
};

test.each([1, 300])('%i files and a large one are unpacked as they are', async (files) => {
  const unpacked = await unpackInto(folder, inChunks(await archiveOf(files)), limits);
  expect(unpacked.files).toBe(files + 1);
  for (let index = 0; index < files; index += 1) {
    expect(readFileSync(path.join(folder, `d${index % 7}`, `f${index}`), 'utf8')).toBe(textOf(index));
  }
  expect(readFileSync(path.join(folder, 'large.bin'))).toHaveLength(1_000_000);
  expect(readdirSync(path.join(folder, 'empty'))).toEqual([]);
});

test('every file is synced after it was written, then every folder, those inside first (U4)', async () => {
  const steps: string[] = [];
  await unpackInto(folder, inChunks(await archiveOf(100)), limits, { fs: traced(steps) });
  const written = steps.filter((step) => step.startsWith('write')).map((step) => step.replace('write ', ''));
  expect(written).toHaveLength(101);
  const synced = steps.filter((step) => step.startsWith('sync')).map((step) => step.replace('sync ', ''));
  expect(synced.slice(0, 101).toSorted()).toEqual(written.toSorted());
  expect(synced.slice(101)).toEqual(
    [...Array.from({ length: 7 }, (_, d) => `d${d}`), 'empty', ''].toSorted().toReversed(),
  );
  expect(steps.findLastIndex((step) => step.startsWith('write'))).toBeLessThan(
    steps.findIndex((step) => step.startsWith('sync')),
  );
});

test.each(['write d3/f10', 'sync d3/f10', 'sync d3'])(
  'a full disk at "%s" ends it, with nothing going on (U17)',
  async (at) => {
    const steps: string[] = [];
    const full = traced(steps, (step) => {
      if (step !== at) return;
      throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
    });
    await expect(unpackInto(folder, inChunks(await archiveOf(100)), limits, { fs: full })).rejects.toMatchObject({
      name: 'FirmwareError',
      code: 'space',
    });
    const then = steps.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(steps).toHaveLength(then);
  },
);

test('tasks run side by side, so many and no more, and the first failure is told', async () => {
  const running = { now: 0, most: 0, weight: 0, mostWeight: 0 };
  const task = (weight: number) => async () => {
    running.now += 1;
    running.weight += weight;
    running.most = Math.max(running.most, running.now);
    running.mostWeight = Math.max(running.mostWeight, running.weight);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running.now -= 1;
    running.weight -= weight;
  };
  const light = createConcurrencyLimiter();
  for (let count = 0; count < 100; count += 1) await light.add(1, task(1));
  const mebibyte = 1024 * 1024;
  await light.whenIdle();
  expect(running.most).toBe(16);
  for (let count = 0; count < 20; count += 1) await light.add(1.5 * mebibyte, task(1.5 * mebibyte));
  await light.add(100 * mebibyte, task(0));
  await light.whenIdle();
  expect(running).toMatchObject({ now: 0, mostWeight: 3 * mebibyte });

  const failing = createConcurrencyLimiter();
  await failing.add(0, () => Promise.reject(new Error('first')));
  await expect(
    (async () => {
      for (let count = 0; count < 100; count += 1) await failing.add(0, () => Promise.reject(new Error('later')));
    })(),
  ).rejects.toThrow('first');
  await expect(failing.whenIdle()).rejects.toThrow('first');
});
