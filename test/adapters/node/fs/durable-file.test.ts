import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { removeFiles, replaceFile, replaceFiles } from '../../../../adapters/node/fs/durable-file.ts';
import { hostFs, type DurableFs } from '../../../../adapters/node/fs/file-system.ts';
import { FileStorage } from '../../../../adapters/node/storage/storage.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const failed = (code: string) => Object.assign(new Error(code), { code });

/** The host's file system, with each call noted by its verb and file, and the one named in `fault` failing. */
const traced = (fault?: string, code = 'ENOSPC') => {
  const calls: string[] = [];
  const temporary = new Map<string, string>();
  const shown = (path: string): string => {
    const name = basename(path);
    if (!name.endsWith('.tmp')) return name;
    if (!temporary.has(name)) temporary.set(name, `temporary${temporary.size + 1}`);
    return temporary.get(name) as string;
  };
  const call = async <T>(verb: string, path: string, task: () => Promise<T>): Promise<T> => {
    const label = `${verb} ${shown(path)}`;
    calls.push(label);
    if (label === fault) throw failed(code);
    return task();
  };
  const fs: DurableFs = {
    open: (path, flags, mode) =>
      call(`open(${flags}${mode === undefined ? '' : `,${mode.toString(8)}`})`, path, async () => {
        const handle = await hostFs.open(path, flags, mode);
        return {
          chmod: (bits) => call('chmod', path, () => handle.chmod(bits)),
          chown: (uid, gid) => call('chown', path, () => handle.chown(uid, gid)),
          writeFile: (content) => call('write', path, () => handle.writeFile(content)),
          sync: () => call('fsync', path, () => handle.sync()),
          close: async () => {
            // As in close(2), a close that fails lets go of the file all the same.
            await handle.close();
            await call('close', path, async () => undefined);
          },
        };
      }),
    rename: (from, to) => call(`rename ${shown(from)} to`, to, () => hostFs.rename(from, to)),
    unlink: (path) => call('unlink', path, () => hostFs.unlink(path)),
    mkdir: (path, options) => hostFs.mkdir(path, options),
    lstat: (path) => hostFs.lstat(path),
  };
  return { fs, calls };
};

test('order: write, fsync file, rename, fsync folder (U4)', async () => {
  const folder = await temporaryFolder();
  const { fs, calls } = traced();
  await new FileStorage({ fs }).writeJson(join(folder, 'env.json'), { a: 1 });
  expect(calls).toEqual([
    'open(wx,600) temporary1',
    'write temporary1',
    'chmod temporary1',
    'fsync temporary1',
    'close temporary1',
    'rename temporary1 to env.json',
    `open(r) ${basename(folder)}`,
    `fsync ${basename(folder)}`,
    `close ${basename(folder)}`,
  ]);
});

test('new folders are made durable from the top', async () => {
  const folder = await temporaryFolder();
  const { fs, calls } = traced();
  await replaceFile(join(folder, 'a', 'b', 'env.json'), '1', { fs });
  const synced = calls.filter((call) => call.startsWith('fsync'));
  expect(synced).toEqual(['fsync a', `fsync ${basename(folder)}`, 'fsync temporary1', 'fsync b']);
});

test('several files: all are written and synced before the first is replaced', async () => {
  const folder = await temporaryFolder();
  const { fs, calls } = traced();
  const replacements = ['a', 'b'].map((name) => ({ path: join(folder, name), content: name }));
  await replaceFiles(folder, replacements, { fs });
  expect(calls.filter((call) => /^(fsync|rename)/.test(call))).toEqual([
    'fsync temporary1',
    'fsync temporary2',
    'rename temporary1 to a',
    'rename temporary2 to b',
    `fsync ${basename(folder)}`,
  ]);
});

test.each([
  'open(wx,600) temporary1',
  'write temporary1',
  'chmod temporary1',
  'fsync temporary1',
  'close temporary1',
  'rename temporary1 to env.json',
])('a failing "%s" leaves the old file, no temporary one, and tells (U17)', async (fault) => {
  const folder = await temporaryFolder();
  const path = join(folder, 'env.json');
  await writeFile(path, '"old"');
  const { fs, calls } = traced(fault);
  await expect(new FileStorage({ fs }).writeJson(path, 'new')).rejects.toMatchObject({
    name: 'StorageError',
    code: 'io',
    message: expect.stringContaining('ENOSPC'),
  });
  expect(calls).toContain(fault);
  expect(await readdir(folder)).toEqual(['env.json']);
  expect(await readFile(path, 'utf8')).toBe('"old"');
});

test('when the second of two files can’t be written, neither is replaced', async () => {
  const folder = await temporaryFolder();
  const { fs } = traced('write temporary2');
  const replacements = ['a', 'b'].map((name) => ({ path: join(folder, name), content: name }));
  await expect(replaceFiles(folder, replacements, { fs })).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(folder)).toEqual([]);
});

test('a file system that can’t sync folders is no obstacle; a disk that fails is', async () => {
  const folder = await temporaryFolder();
  const sync = `fsync ${basename(folder)}`;
  await replaceFile(join(folder, 'a'), '1', { fs: traced(sync, 'EINVAL').fs });
  await expect(replaceFile(join(folder, 'a'), '2', { fs: traced(sync, 'EIO').fs })).rejects.toMatchObject({
    code: 'EIO',
  });
});

test('the mode asked for is the mode, whatever the umask', async () => {
  const before = process.umask(0o077);
  try {
    const path = join(await temporaryFolder(), 'program');
    await replaceFile(path, '', { mode: 0o755 });
    expect((await stat(path)).mode & 0o777).toBe(0o755);
  } finally {
    process.umask(before);
  }
});

test('removal is made durable, and passes over what is not there', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a'), '');
  const { fs, calls } = traced();
  await removeFiles(folder, [join(folder, 'a'), join(folder, 'b')], fs);
  expect(calls.slice(0, 2)).toEqual(['unlink a', 'unlink b']);
  expect(calls).toContain(`fsync ${basename(folder)}`);
  expect(await readdir(folder)).toEqual([]);
});
