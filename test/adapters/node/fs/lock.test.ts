import { mkdir, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { takeLock, type FileLockOptions } from '../../../../adapters/node/fs/lock.ts';
import { ownPlace } from '../../../../adapters/node/fs/process-identity.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { until } from '../../../support/until.ts';

const refusal = vi.hoisted(() => ({ code: undefined as string | undefined }));
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  const link: typeof actual.link = (from, to) =>
    refusal.code === undefined
      ? actual.link(from, to)
      : Promise.reject(Object.assign(new Error('no links'), { code: refusal.code }));
  return { ...actual, link };
});
afterEach(() => {
  vi.useRealTimers();
  refusal.code = undefined;
});

const lockIn = (
  folder: string,
  endOrphan?: (child: { readonly pid: number }) => Promise<void>,
  options: Partial<FileLockOptions> = {},
) =>
  takeLock({
    ...options,
    path: join(folder, 'lock'),
    inUse: (holder) => new Error(`in use by ${holder?.pid}`),
    ...(endOrphan && { endOrphan }),
  });

/** A process that runs, and is not this one. */
const otherPid = process.ppid;
const gone = { pid: 999_999_999, since: null, place: ownPlace };

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('a file system without hard links (%s) locks as well', async (code) => {
  refusal.code = code;
  const folder = await temporaryFolder();
  const lock = await lockIn(folder);
  expect(await readdir(folder)).toEqual(['lock']);
  await expect(lockIn(folder)).rejects.toThrow(`in use by ${process.pid}`);
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test('any other failure of a link is an error', async () => {
  refusal.code = 'EDQUOT';
  const folder = await temporaryFolder();
  await expect(lockIn(folder)).rejects.toMatchObject({ code: 'EDQUOT' });
  expect(await readdir(folder)).toEqual([]);
  refusal.code = undefined;
  await (await lockIn(folder)).release();
});

test('the lock of another process that runs is left alone', async () => {
  const folder = await temporaryFolder();
  const text = JSON.stringify({ holder: { pid: otherPid, since: null, place: ownPlace } });
  await writeFile(join(folder, 'lock'), text);
  await expect(lockIn(folder)).rejects.toThrow(`in use by ${otherPid}`);
  expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(text);
});

test('the child that a dead holder noted is dealt with before its lock is taken over', async () => {
  const folder = await temporaryFolder();
  await writeFile(
    join(folder, 'lock'),
    JSON.stringify({ holder: gone, child: { pid: 77, since: null, place: ownPlace } }),
  );
  const ended: [pid: number, holder: number][] = [];
  const lock = await lockIn(folder, async ({ pid }) => {
    const { holder } = JSON.parse(await readFile(join(folder, 'lock'), 'utf8')) as { holder: { pid: number } };
    ended.push([pid, holder.pid]);
  });
  expect(ended).toEqual([[77, gone.pid]]);
  await lock.noteChild(78);
  expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toMatchObject({
    holder: { pid: process.pid },
    child: { pid: 78 },
  });
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test('what a kill left while it took the lock is removed', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, `.pepeunit-${gone.pid}-0123456789abcdef.tmp`), '');
  const lock = await lockIn(folder);
  expect(await readdir(folder)).toEqual(['lock']);
  await lock.release();
});

test('a lock whose folder was taken away meanwhile leaves its successor’s alone', async () => {
  const folder = await temporaryFolder();
  const lock = await lockIn(folder);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await writeFile(join(folder, 'lock'), 'another program’s');
  await lock.release();
  expect(await readdir(folder)).toEqual(['lock']);
});

/** A lock of a container that is not seen from here: nothing tells its life but its beat. */
const elsewhere = (beat: number, place: string | null = 'another-boot pid:[1]') =>
  JSON.stringify({ holder: { pid: process.pid, since: '1', place }, nonce: 'theirs', beat, child: gone });

test.each([
  ['of another container', 'another-boot pid:[1]'],
  ['of a host that tells neither boot nor namespace', null],
])('a lock %s is in use until its beat has stood still for long enough (S15)', async (_, place) => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const look = (staleAfterMs: number) => lockIn(folder, undefined, { staleAfterMs });
  await writeFile(path, elsewhere(1, place));
  await expect(look(0)).rejects.toThrow('in use');
  await writeFile(path, elsewhere(2, place));
  await expect(look(0)).rejects.toThrow('in use');
  await expect(look(1_000_000)).rejects.toThrow('in use');
  await (await look(0)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('who may wait watches a lock until it is stale, and refuses one whose beat goes on (S15)', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  await writeFile(path, elsewhere(1));
  const watched = lockIn(folder, undefined, { watch: () => writeFile(path, elsewhere(2)) });
  await expect(watched).rejects.toThrow('in use');
  let looks = 0;
  const watch = async () => void (looks += 1);
  await (await lockIn(folder, undefined, { staleAfterMs: 0, watch })).release();
  expect(looks).toBe(0);
});

test('a lock that another program took over meanwhile is neither held, nor refreshed, nor released (S15)', async () => {
  const folder = await temporaryFolder();
  const lock = await lockIn(folder);
  const text = elsewhere(1);
  await writeFile(join(folder, 'lock'), text);
  await until(async () => !(await lock.isHeld()));
  await lock.noteChild(process.pid);
  await lock.release();
  expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(text);
});

const beatOf = async (path: string) => (JSON.parse(await readFile(path, 'utf8')) as { readonly beat: number }).beat;

/** Lets the lock beat, and waits until that is to be seen. */
const nextBeat = async (path: string) => {
  const before = await beatOf(path);
  await until(async () => {
    vi.advanceTimersByTime(5_000);
    return (await beatOf(path)) > before;
  });
};

test('a lock beats on, also in the file that another program put back in its place (S15)', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const lock = await lockIn(folder);
  await nextBeat(path);
  await nextBeat(path);
  const text = await readFile(path);
  await unlink(path);
  await writeFile(path, text);
  await nextBeat(path);
  await nextBeat(path);
  await expect(lock.isHeld()).resolves.toBe(true);
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test('a lock that is gone is not made anew by its beat, and one of another program is not beaten (S15)', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const lock = await lockIn(folder);
  await nextBeat(path);
  await unlink(path);
  const beats = async () => {
    for (let count = 0; count < 4; count += 1) vi.advanceTimersByTime(5_000);
    await lock.noteChild(process.pid);
  };
  await beats();
  expect(await readdir(folder)).toEqual([]);
  const text = elsewhere(1);
  await writeFile(path, text);
  await beats();
  await lock.release();
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('what killed programs of earlier releases left beside the lock is removed, and nothing else', async () => {
  const folder = await temporaryFolder();
  const stays = [`lock.${otherPid}.new`, 'lock.999999999.old', 'lock.new', 'lock.json', 'other.999999999'];
  for (const name of [...stays, 'lock.999999999', 'lock.999999999.new']) await writeFile(join(folder, name), 'x');
  const lock = await lockIn(folder);
  expect((await readdir(folder)).toSorted()).toEqual(['lock', ...stays].toSorted());
  await lock.release();
});
