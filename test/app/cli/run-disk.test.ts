import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isRunning } from '../../../adapters/node/fs/process-identity.ts';
import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { startCli, type CliOptions } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';
import {
  asNobody,
  describeWithNamespaces,
  mountSmallDisk,
  nobodyLacks,
  type SmallDisk,
} from '../../support/namespaces.ts';
import { until } from '../../support/until.ts';

const lives = (pid: number): boolean => isRunning({ pid, since: null });
const waiting = 'setInterval(() => {}, 1000);';

const unitOn = async (kilobytes: number) => {
  const path = await temporaryFolder();
  await writeFile(join(path, 'package.json'), '{"type":"module"}');
  await writeFile(join(path, 'env.json'), '{}');
  await writeFile(join(path, 'main.js'), waiting);
  return { main: join(path, 'main.js'), path, disk: await mountSmallDisk(path, kilobytes) };
};

const supervise = (main: string, options: CliOptions) => {
  const run = startCli(['run', '--json', main], options);
  const told = () =>
    run
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as SupervisorEvent);
  const starts = () => told().flatMap((event) => (event.type === 'started' ? [event.pid] : []));
  const failures = () => told().flatMap((event) => (event.type === 'failed' ? [event.message] : []));
  onTestFinished(async () => {
    run.child.kill('SIGKILL');
    for (const pid of starts()) if (lives(pid)) process.kill(pid, 'SIGKILL');
    await run.ended;
  });
  return {
    ...run,
    failures,
    /** Resolves with the process of a start, counted from one. */
    start: (number: number) =>
      until(() => starts()[number - 1], { what: 'a start', timeoutMs: 30_000 }).catch((cause: unknown) => {
        throw new Error(run.stderr(), { cause });
      }),
  };
};

/** Kills the unit a few times: each time it is started again. At last the supervisor ends as it was asked to. */
const expectSupervised = async (run: ReturnType<typeof supervise>) => {
  for (let number = 1; number < 4; number += 1) {
    process.kill(await run.start(number), 'SIGKILL');
    const next = await run.start(number + 1);
    expect(lives(next)).toBe(true);
  }
  run.child.kill('SIGTERM');
  await run.ended;
  expect(run.child.signalCode).toBe('SIGTERM');
};

const states: [state: string, code: string, enter: (disk: SmallDisk) => Promise<void>][] = [
  ['full', 'ENOSPC', (disk) => disk.fill()],
  ['read-only', 'EROFS', (disk) => disk.remount('ro')],
];

describeWithNamespaces('pepeunit run', () => {
  test.each(states)('supervises on a disk that is %s at its start, and says so once (U21)', async (_, code, enter) => {
    const { main, disk } = await unitOn(64);
    await enter(disk);
    const run = supervise(main, disk);
    await expectSupervised(run);
    expect(run.failures()).toEqual([expect.stringContaining(code)]);
  });

  test.each([
    // Its lock is written in place, for which a full disk has room.
    ['full', (disk: SmallDisk) => disk.fill(), []],
    ['read-only', (disk: SmallDisk) => disk.remount('ro'), [expect.stringContaining('EROFS')]],
  ] as const)(
    'supervises on a disk that becomes %s while it runs, and says what fails once (U21)',
    async (_, enter, told) => {
      const { main, disk } = await unitOn(64);
      const run = supervise(main, disk);
      await run.start(1);
      await until(async () => (await readFile(disk.path('.pepeunit/supervisor.json'), 'utf8')).includes('child'));
      await enter(disk);
      await expectSupervised(run);
      expect(run.failures()).toEqual(told);
    },
  );

  test('records the unit at its next start when the disk has room again (U21)', async () => {
    const { main, disk } = await unitOn(64);
    const record = () => readFile(disk.path('.pepeunit/supervisor.json'), 'utf8').catch(() => '');
    await disk.fill();
    const run = supervise(main, disk);
    process.kill(await run.start(1), 'SIGKILL');
    await run.start(2);
    await disk.free();
    process.kill(await run.start(2), 'SIGKILL');
    const third = await run.start(3);
    await until(async () => (await record()).includes(`"pid":${third}`), { what: 'the record of the unit' });
    expect(run.failures()).toHaveLength(1);
  });

  test('refuses a second supervisor on a full disk too (U21)', async () => {
    const { main, disk } = await unitOn(64);
    const run = supervise(main, disk);
    await run.start(1);
    await disk.fill();
    const second = supervise(main, disk);
    expect(await second.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('Another supervisor runs') });
  });

  const skips = nobodyLacks && !process.env['CI'];
  const reason = skips ? ` (skipped: ${nobodyLacks})` : '';
  test.skipIf(skips)(`supervises in a folder of somebody else (U21)${reason}`, async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, 'env.json'), '{}');
    await writeFile(join(path, 'main.js'), waiting);
    await mkdir(join(path, '.pepeunit'), { mode: 0o700 });
    await chmod(path, 0o755);
    const run = supervise(join(path, 'main.js'), { within: asNobody });
    await expectSupervised(run);
    expect(new Set(run.failures()).size).toBe(run.failures().length);
    expect(run.failures()[0]).toContain('EACCES');
  });
});
