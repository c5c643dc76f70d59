import { createReadStream, readdirSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { unpackInto } from '../../../../adapters/node/archive/unpack.ts';
import { defaultArchiveLimits } from '../../../../services/firmware.ts';
import { temporaryFolder } from '../../../support/folder.ts';

/** One small program, packed by Python's tarfile (as the platform does), GNU tar, bsdtar and git, in each format. */
const archives = join(import.meta.dirname, '../../../fixtures/archives');
const long = 'a-long-folder-name-'.repeat(6);

const program: Record<string, string> = {
  'env.json': '{"PU_COMMIT_VERSION":"abc"}\n',
  'schema.json': '{}\n',
  'main.py': 'print(1)\n',
  'src/empty.txt': '',
  'src/папка/файл.txt': 'слово\n',
};
const longFile = { [`src/${long}/file-with-a-name-${long}.txt`]: 'long\n' };

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const filesOf = async (root: string): Promise<Record<string, string>> => {
  const entries = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const read = entries.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [relative(root, path), await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(read));
};

test.each(readdirSync(archives))('%s is unpacked as it was packed', async (name) => {
  const { files } = await unpackInto(folder, createReadStream(join(archives, name)), defaultArchiveLimits);
  const wanted = name.includes('ustar') ? program : { ...program, ...longFile };
  expect(await filesOf(folder)).toEqual(wanted);
  expect(files).toBe(Object.keys(wanted).length);
  expect((await stat(join(folder, 'main.py'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, 'env.json'))).mode & 0o777).toBe(0o600);
});
