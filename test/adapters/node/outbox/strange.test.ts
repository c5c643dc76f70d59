import { execFile } from 'node:child_process';
import {
  appendFile,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fileOutbox } from '../../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import { stored } from '../../../contracts/outbox.ts';
import { temporaryFolder } from '../../../support/folder.ts';

/** An outbox's folder with two messages in one segment, and a way to open it again. */
const withTwo = async () => {
  const folder = join(await temporaryFolder(), 'outbox');
  const make = () => fileOutbox({ folder, clock: systemClock() });
  const outbox = make();
  await outbox.open();
  await outbox.append([stored(1, 'one'), stored(2, 'two')]);
  await outbox.close();
  const [name = ''] = await readdir(folder);
  return { folder, make, segment: join(folder, name) };
};

const idsOf = ({ messages }: { readonly messages: readonly { readonly id: number }[] }) => messages.map(({ id }) => id);

/** Adds to what is kept, so that it is known that the outbox is durable still, and opens it once more. */
const addsAndKeeps = async (make: Awaited<ReturnType<typeof withTwo>>['make']) => {
  const outbox = make();
  const found = await outbox.open();
  await outbox.append([stored(found.lastId + 1, 'more')]);
  await outbox.deadLetter([{ message: stored(9, 'dead'), reason: 'refused' }]);
  await outbox.close();
  const next = make();
  const kept = idsOf(await next.open());
  await next.close();
  expect(kept).toEqual([...idsOf(found), found.lastId + 1]);
  return found;
};

const strangeThings: [what: string, name: string, plant: (path: string) => Promise<unknown>][] = [
  ['a folder', '00000002.log', (path) => mkdir(path)],
  ['a folder with something in it', '00000000.log', (path) => mkdir(join(path, 'more'), { recursive: true })],
  ['a link to nowhere', '00000002-00000000.log', (path) => symlink('/nowhere/at/all', path)],
  ['a pipe', '00000002.log', (path) => promisify(execFile)('mkfifo', [path])],
  ['a number that no number holds', '12345678901234567890123.log', (path) => writeFile(path, 'x')],
  [
    'a file of 2 GB',
    '00000002.log',
    async (path) => {
      await writeFile(path, 'x');
      await truncate(path, 2 ** 31);
    },
  ],
];

for (const [what, name, plant] of strangeThings) {
  test(`${what} that is called like a segment is passed over and told; the outbox stays durable (S4)`, async () => {
    const { folder, make } = await withTwo();
    await plant(join(folder, name));
    const before = await lstat(join(folder, name));
    const found = await addsAndKeeps(make);
    expect(idsOf(found)).toEqual([1, 2]);
    expect(found.remarks).toEqual([expect.stringContaining(name)]);
    const after = await lstat(join(folder, name));
    expect([after.size, after.mode]).toEqual([before.size, before.mode]);
  });
}

test('a link is not followed, whatever is in the file that it leads to', async () => {
  const { folder, make, segment } = await withTwo();
  const elsewhere = join(folder, '..', 'elsewhere');
  await rename(segment, elsewhere);
  await appendFile(elsewhere, 'precious');
  await symlink(elsewhere, segment);
  expect((await addsAndKeeps(make)).messages).toEqual([]);
  expect((await readFile(elsewhere, 'utf8')).endsWith('precious')).toBe(true);
});

test('an outbox’s folder that is a file is told, and left alone', async () => {
  const path = join(await temporaryFolder(), 'outbox');
  await writeFile(path, 'mine');
  const outbox = fileOutbox({ folder: path, clock: systemClock() });
  await expect(outbox.open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', message: /EEXIST/ });
  await outbox.close();
  expect(await readFile(path, 'utf8')).toBe('mine');
});

test('many strange things are told in one sentence of a bounded length', async () => {
  const { folder, make } = await withTwo();
  for (let number = 100; number < 300; number += 1) await mkdir(join(folder, `00000${number}.log`));
  const { remarks = [] } = await addsAndKeeps(make);
  expect(remarks).toEqual([expect.stringMatching(/and 195 others/)]);
});

test.each(['damaged.bin', 'dead.ndjson'])('a folder, a pipe or a link called %s costs no message', async (name) => {
  for (const plant of [
    (path: string) => mkdir(path),
    (path: string) => promisify(execFile)('mkfifo', [path]),
    (path: string) => symlink(join(path, '..', '..', 'victim'), path),
  ]) {
    const { folder, make, segment } = await withTwo();
    await plant(join(folder, name));
    const bytes = await readFile(segment);
    bytes.write('ONE', bytes.indexOf('one'));
    await writeFile(segment, bytes);
    const outbox = make();
    expect(await outbox.open()).toMatchObject({ messages: [{ id: 2 }], damaged: 1 });
    const letter = outbox.deadLetter([{ message: stored(1, 'x'), reason: 'refused' }]);
    const refusal = await letter.catch((thrown: { code: string }) => thrown);
    expect(refusal?.code).toBe(name === 'dead.ndjson' ? 'io' : undefined);
    await outbox.append([stored(3, 'three')]);
    await outbox.close();
    const next = make();
    expect(idsOf(await next.open())).toEqual([2, 3]);
    await next.close();
    await expect(stat(join(folder, '..', 'victim'))).rejects.toMatchObject({ code: 'ENOENT' });
  }
});

test.each([
  ['a folder', (path: string) => mkdir(path)],
  ['a pipe', (path: string) => promisify(execFile)('mkfifo', [path])],
  ['a link to nowhere', (path: string) => symlink('/nowhere/at/all', path)],
])('%s called lock keeps nobody out', async (_, plant) => {
  const { folder, make } = await withTwo();
  await plant(join(folder, 'lock'));
  expect(idsOf(await addsAndKeeps(make))).toEqual([1, 2]);
});

test('bytes that never were a record are counted and kept aside, up to a megabyte', async () => {
  const { folder, make, segment } = await withTwo();
  await writeFile(segment, Buffer.alloc(1_500_000, 'no record at all '));
  const found = await addsAndKeeps(make);
  expect(found).toMatchObject({ messages: [], damaged: 1 });
  expect((await stat(join(folder, 'damaged.bin'))).size).toBe(1024 * 1024);
});

test('a wrong length costs its own record alone, and is told once (S4)', async () => {
  const { folder, make } = await withTwo();
  const outbox = make();
  await outbox.open();
  await outbox.append([stored(3, 'three'), stored(4, 'four')]);
  await outbox.close();
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.log'))) {
    const file = await open(join(folder, name), 'r+');
    await file.write(Buffer.from([0x7f]), 0, 1, 4);
    await file.close();
  }
  const next = make();
  expect(await next.open()).toMatchObject({ messages: [{ id: 2 }, { id: 4 }], damaged: 2 });
  await next.close();
  const last = make();
  expect(await last.open()).toMatchObject({ messages: [{ id: 2 }, { id: 4 }], damaged: 0 });
  await last.close();
});

test('segments of before, without a salt in their name, are read', async () => {
  const { folder, make } = await withTwo();
  // Written by the first version of this format.
  const record = Buffer.from('RSBVyQAAABQBAAAAAAAHAAAAAAAAAQABdG9sZA==', 'base64');
  await writeFile(join(folder, '00000004.log'), record);
  const found = await addsAndKeeps(make);
  expect(found).toMatchObject({ messages: [{ id: 1 }, { id: 2 }, { id: 7, topic: 't' }], remarks: [] });
});
