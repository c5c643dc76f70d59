import { readdir } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { lockFolder } from '../../../../adapters/node/outbox/lock.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const refusal = vi.hoisted(() => ({ code: undefined as string | undefined }));
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  const link: typeof actual.link = (from, to) =>
    refusal.code === undefined
      ? actual.link(from, to)
      : Promise.reject(Object.assign(new Error('no links'), { code: refusal.code }));
  return { ...actual, link };
});

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('a file system without hard links (%s) locks as well', async (code) => {
  refusal.code = code;
  const folder = await temporaryFolder();
  const unlock = await lockFolder(folder);
  expect(await readdir(folder)).toEqual(['lock']);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'io', message: /in use/ });
  await unlock();
  expect(await readdir(folder)).toEqual([]);
});

test('any other failure of a link is told', async () => {
  refusal.code = 'EDQUOT';
  const folder = await temporaryFolder();
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'EDQUOT' });
  expect(await readdir(folder)).toEqual([]);
  refusal.code = undefined;
  await (
    await lockFolder(folder)
  )();
});
