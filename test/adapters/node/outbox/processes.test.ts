import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { fileOutbox } from '../../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import type { StoredMessages } from '../../../../services/outbox.ts';
import { compileProgram, type Compiled } from '../../../support/compiled.ts';
import { until } from '../../../support/until.ts';
import { stored } from '../../../contracts/outbox.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { describeWithNamespaces } from '../../../support/namespaces.ts';

let program: Compiled;
beforeAll(async () => {
  program = await compileProgram(new URL('../../../support/programs/publishing.ts', import.meta.url));
});
afterAll(() => program.remove());

/** Runs the program, through a shell where there are words to put before it. */
const run = (folder: string, [count, bytes]: readonly [number, number], prefix = '', user: readonly string[] = []) => {
  const command = `${prefix} exec "$0" "$@"`;
  const parameters = [process.execPath, program.path, folder, String(count), String(bytes), ...user];
  const child = spawn('sh', ['-c', command, ...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  const lines = () => text.trim().split('\n');
  const closed = once(child, 'close');
  return {
    child,
    lines,
    done: () => until(() => lines().includes('done'), { timeoutMs: 60_000, what: `"done" after ${text}` }),
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    end: async () => {
      child.stdin.end();
      await closed;
    },
  };
};

const folderOf = async () => join(await temporaryFolder(), 'unit', '.pepeunit', 'outbox');
const openAt = (folder: string) => fileOutbox({ folder, clock: systemClock() });

test('of two processes of one unit the second is told who has the outbox, and gets it when the first is killed', async () => {
  const folder = await folderOf();
  const first = run(folder, [3, 10]);
  await first.done();
  const second = run(folder, [1, 10]);
  await second.done();
  expect(second.lines()[0]).toMatch(/^open The outbox in .* is in use by another program/);
  await second.end();
  const outbox = openAt(folder);
  await expect(outbox.open()).rejects.toMatchObject({ name: 'StorageError', message: /in use/ });
  await first.kill();
  expect((await outbox.open()).messages.map(({ id }) => id)).toEqual([1, 2, 3]);
  await outbox.close();
});

/** Words that start a container of its own, as far as processes go; all in it have the same ids. */
const contained = 'exec unshare -mpf --mount-proc --kill-child "$0" "$@";';

/** The process that a command in a container has become, by its id here. */
const processIn = async ({ child }: ReturnType<typeof run>): Promise<number> =>
  Number(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'));

/** Opens an outbox once the one who has it is taken for dead. */
const openInTime = (folder: string) => {
  const outbox = openAt(folder);
  return until(
    () =>
      outbox.open().then(
        (found) => ({ outbox, found }),
        () => false as const,
      ),
    { what: 'the outbox' },
  );
};

const idsOf = (found: StoredMessages) => found.messages.map(({ id }) => id);

describeWithNamespaces('containers on one volume', () => {
  test('the second is told who has the outbox, though their process ids are the same; it gets it after a kill (S15)', async () => {
    const folder = await folderOf();
    const [first, second] = [run(folder, [3, 10], contained), run(folder, [3, 10], contained)];
    await Promise.all([first.done(), second.done()]);
    const storing = [first, second].filter((each) => each.lines().includes('1 ok'));
    expect(storing).toHaveLength(1);
    // Both may have opened it while there was nothing in it.
    const [other] = [first, second].filter((each) => !storing.includes(each));
    expect(
      other
        ?.lines()
        .filter((line) => !/^open ok$|^done$| is in use by another program| is locked by process/.test(line)),
    ).toEqual([]);
    const outbox = openAt(folder);
    await expect(outbox.open()).rejects.toMatchObject({ name: 'StorageError', message: /in use|is locked by/ });
    await first.kill();
    await second.kill();
    const { found, outbox: last } = await openInTime(folder);
    expect(idsOf(found)).toEqual([1, 2, 3]);
    await last.close();
  });

  test('one that was frozen until another took the outbox over appends nothing to it any more (S5, S15)', async () => {
    const folder = await folderOf();
    const frozen = run(folder, [2, 10], contained);
    await frozen.done();
    const pid = await processIn(frozen);
    process.kill(pid, 'SIGSTOP');
    const { found, outbox } = await openInTime(folder);
    expect(idsOf(found)).toEqual([1, 2]);
    process.kill(pid, 'SIGCONT');
    frozen.child.stdin.write('3');
    await until(() => frozen.lines().some((line) => line.startsWith('3 ')));
    expect(frozen.lines().at(-1)).toMatch(/^3 The outbox in .* is another program's/);
    await outbox.append([stored(3, 'three')]);
    await outbox.close();
    await frozen.end();
    const next = openAt(folder);
    expect(idsOf(await next.open())).toEqual([1, 2, 3]);
    await next.close();
  });
});

test('a disk with no room left for a whole message fails its append alone, for real (S11)', async () => {
  const folder = await folderOf();
  // 8 KiB a file, and no more: blocks of 512 bytes.
  const limited = run(folder, [12, 1_000], 'ulimit -f 16;');
  await limited.done();
  const failed = limited.lines().filter((line) => line.includes('EFBIG'));
  expect(failed).toHaveLength(1);
  await limited.end();
  const outbox = openAt(folder);
  const found = await outbox.open();
  expect(found.damaged).toBe(0);
  const lost = failed.map((line) => Number(line.split(' ')[0]));
  expect(found.messages.map(({ id }) => id)).toEqual(
    Array.from({ length: 12 }, (_, index) => index + 1).filter((id) => !lost.includes(id)),
  );
  await outbox.close();
});

test('files are for this user alone in a process whose umask is 000 (S12, C3)', async () => {
  const folder = await folderOf();
  const open = run(folder, [2, 10], 'umask 000;');
  await open.done();
  const names = await readdir(folder);
  expect(names).toHaveLength(2);
  for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  for (const above of [folder, join(folder, '..')]) expect((await stat(above)).mode & 0o777).toBe(0o700);
});

test('a folder that may not be written is told as such, and what is in it stays', async () => {
  const root = await temporaryFolder();
  const folder = join(root, 'outbox');
  const outbox = openAt(folder);
  await outbox.open();
  await outbox.append([stored(1, 'kept')]);
  await outbox.close();
  const before = await readdir(folder);
  // The superuser may write everywhere, so it becomes somebody else.
  const somebody = process.getuid?.() === 0 ? ['65534'] : [];
  await chmod(folder, 0o555);
  await chmod(root, 0o755);
  const barred = run(folder, [1, 10], '', somebody);
  await barred.done();
  expect(barred.lines()[0]).toMatch(/^open The outbox in .* can't be opened \(EACCES\)/);
  await barred.end();
  await chmod(folder, 0o700);
  expect(await readdir(folder)).toEqual(before);
});

test('a path of spaces, of any letters, and of two thousand bytes is a path', async () => {
  const names = ['with spaces and \'quotes"', 'юнит ☂ 单元', ...Array.from({ length: 9 }, () => 'l'.repeat(200))];
  const folder = join(await temporaryFolder(), ...names);
  await mkdir(join(folder, '..'), { recursive: true });
  const outbox = openAt(folder);
  await outbox.open();
  await outbox.append([stored(1, 'one')]);
  await outbox.close();
  const next = openAt(folder);
  expect((await next.open()).messages).toHaveLength(1);
  await next.close();
});
