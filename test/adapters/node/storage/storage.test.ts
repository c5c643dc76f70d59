import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStorage } from '../../../../adapters/node/storage/storage.ts';
import { storageContract } from '../../../contracts/storage.ts';
import { temporaryFolder } from '../../../support/folder.ts';

storageContract('files on Node', async () => {
  const folder = await temporaryFolder();
  return { storage: new FileStorage(), at: (name) => join(folder, 'unit', name) };
});

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test.each([0, 0o022, 0o077])('files are 0600 and folders 0700 under umask %s (C3)', async (umask) => {
  const before = process.umask(umask);
  try {
    const folder = await temporaryFolder();
    const path = join(folder, 'new', 'unit', 'env.json');
    await new FileStorage().writeJson(path, { PU_AUTH_TOKEN: 'secret' });
    await new FileStorage().writeLines(join(folder, 'log.json'), ['line']);
    expect(await modeOf(path)).toBe(0o600);
    expect(await modeOf(join(folder, 'log.json'))).toBe(0o600);
    expect(await modeOf(join(folder, 'new'))).toBe(0o700);
    expect(await modeOf(join(folder, 'new', 'unit'))).toBe(0o700);
  } finally {
    process.umask(before);
  }
});

test('JSON is written for people to read', async () => {
  const path = join(await temporaryFolder(), 'a.json');
  await new FileStorage().writeJson(path, { a: [1, {}], b: { c: null } });
  expect(await readFile(path, 'utf8')).toBe('{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {\n    "c": null\n  }\n}\n');
});

const name = (pid: number, mark: string): string => `.pepeunit-${pid}-${mark.repeat(16)}.tmp`;

test('what a killed write left is swept at the first use of the folder, what is being written stays', async () => {
  const folder = await temporaryFolder();
  const gone = name(2 ** 30, 'a');
  const old = name(process.pid, 'b');
  const busy = name(process.pid, 'c');
  for (const file of [gone, old, busy, 'mine.tmp']) await writeFile(join(folder, file), 'half');
  await utimes(join(folder, old), 0, 0);
  expect(await new FileStorage().readJson(join(folder, 'env.json'))).toBeUndefined();
  expect((await readdir(folder)).toSorted()).toEqual([busy, 'mine.tmp'].toSorted());
});

test('a folder in the place of a document is an error, and does not count as one', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'env.json');
  await mkdir(path);
  expect(await new FileStorage().exists(path)).toBe(false);
  await expect(new FileStorage().readJson(path)).rejects.toMatchObject({ code: 'io' });
  await expect(new FileStorage().writeJson(path, 1)).rejects.toMatchObject({ code: 'io' });
  await expect(new FileStorage().readLines(path)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'io' });
  expect(await readdir(folder)).toEqual(['env.json']);
});

test('a document below a file does not exist', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file'), '');
  expect(await new FileStorage().exists(join(folder, 'file', 'env.json'))).toBe(false);
  expect(await new FileStorage().readJson(join(folder, 'file', 'env.json'))).toBeUndefined();
});

test('a symbolic link is replaced, what it leads to is not touched', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'target'), '"theirs"');
  await symlink(join(folder, 'target'), join(folder, 'env.json'));
  await new FileStorage().writeJson(join(folder, 'env.json'), 'ours');
  expect(await readFile(join(folder, 'target'), 'utf8')).toBe('"theirs"');
  expect(await new FileStorage().readJson(join(folder, 'env.json'))).toBe('ours');
});

test('lines are streamed: the first of a file that no memory holds is there at once', async () => {
  const path = join(await temporaryFolder(), 'large.log');
  await writeFile(path, 'first\n');
  await truncate(path, 2 ** 40);
  const lines = new FileStorage().readLines(path)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toEqual(new Uint8Array(Buffer.from('first')));
  await expect(lines.next()).rejects.toMatchObject({ name: 'StorageError', code: 'tooLarge' });
});

test('what is neither a file nor a folder is neither read nor replaced, and nobody waits for it', async () => {
  const folder = await temporaryFolder();
  const pipe = join(folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  const storage = new FileStorage();
  const special = { name: 'StorageError', code: 'unsupported' };
  await expect(storage.readJson(pipe)).rejects.toMatchObject(special);
  await expect(storage.readLines(pipe)[Symbol.asyncIterator]().next()).rejects.toMatchObject(special);
  await expect(storage.writeJson(pipe, 1)).rejects.toMatchObject(special);
  await expect(storage.writeLines(pipe, ['1'])).rejects.toMatchObject(special);
  await expect(storage.appendLines(pipe, ['1'], 9)).rejects.toMatchObject(special);
  await expect(storage.remove(pipe)).rejects.toMatchObject(special);
  expect((await lstat(pipe)).isFIFO()).toBe(true);
  await symlink('/dev/zero', join(folder, 'zeros'));
  await expect(storage.readJson(join(folder, 'zeros'))).rejects.toMatchObject(special);
});
