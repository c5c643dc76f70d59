import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeClock } from '../../../../adapters/memory/clock.ts';
import { fileOutbox, type FileOutboxOptions } from '../../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import { stored } from '../../../contracts/outbox.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { until } from '../../../support/until.ts';

const at = async (changes: Partial<FileOutboxOptions> = {}) => {
  const folder = join(await temporaryFolder(), 'unit', '.pepeunit', 'outbox');
  return { folder, make: () => fileOutbox({ folder, clock: systemClock(), ...changes }) };
};

test('as long as nothing is stored there is no folder, no file and no lock', async () => {
  const { folder, make } = await at();
  const outbox = make();
  await outbox.open();
  outbox.remove([1]);
  await expect(stat(join(folder, '../..'))).rejects.toMatchObject({ code: 'ENOENT' });
  await outbox.append([stored(1, 'x')]);
  expect(await readdir(folder)).toEqual([expect.stringMatching(/\.log$/), 'lock']);
  await outbox.close();
});

test('of two programs that have stored nothing the first to store has the outbox, and the other is told (S15)', async () => {
  const { make } = await at();
  const [first, second] = [make(), make()];
  await Promise.all([first.open(), second.open()]);
  await first.append([stored(1, 'one')]);
  const appending = () => second.append([stored(1, 'two')]);
  await expect(appending()).rejects.toMatchObject({ name: 'StorageError', code: 'io', message: /in use/ });
  await first.close();
  await expect(appending()).rejects.toMatchObject({ name: 'StorageError', code: 'lost', message: /another program/ });
  await expect(appending()).rejects.toMatchObject({ code: 'io', message: /closed/ });
  expect((await second.open()).messages).toMatchObject([{ id: 1, payload: stored(1, 'one').payload }]);
  await second.append([stored(2, 'two')]);
  await second.close();
  const next = make();
  expect((await next.open()).messages.map(({ id }) => id)).toEqual([1, 2]);
  await next.close();
});

test('of two programs that store their first at once one has the outbox, and nothing is lost (S5, S15)', async () => {
  const { make } = await at();
  const both = [make(), make()];
  await Promise.all(both.map((outbox) => outbox.open()));
  const ends = await Promise.allSettled(both.map((outbox, index) => outbox.append([stored(index + 1, 'x')])));
  const kept = ends.flatMap(({ status }, index) => (status === 'fulfilled' ? [index + 1] : []));
  expect(kept).toHaveLength(1);
  for (const outbox of both) await outbox.close();
  const next = make();
  expect((await next.open()).messages.map(({ id }) => id)).toEqual(kept);
  await next.close();
});

test('an outbox that has been empty for a minute is let go, and taken again by the next message', async () => {
  const clock = fakeClock();
  const { folder, make } = await at({ clock });
  const [outbox, other] = [make(), make()];
  await outbox.open();
  await outbox.append([stored(1, 'one'), stored(2, 'two')]);
  outbox.remove([1]);
  clock.advance(120_000);
  await expect(other.open()).rejects.toMatchObject({ message: /in use/ });
  outbox.remove([2]);
  await until(() => {
    clock.advance(10_000);
    return !existsSync(folder);
  });
  await outbox.append([stored(3, 'three')]);
  await expect(other.open()).rejects.toMatchObject({ message: /in use/ });
  await outbox.close();
  expect(clock.pending).toBe(0);
  expect((await other.open()).messages.map(({ id }) => id)).toEqual([3]);
  await other.close();
});

test('an outbox with messages is one program’s at a time; the next gets it when that gave it up (S15)', async () => {
  const { make } = await at();
  const [first, second] = [make(), make()];
  await first.open();
  await first.append([stored(1, 'x')]);
  await expect(second.open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', message: /in use/ });
  await first.close();
  expect((await second.open()).messages).toHaveLength(1);
  await second.close();
});
