import { getEventListeners } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startInstance } from '../../../app/instance/index.ts';
import { compileProgram, startCompiled } from '../../support/compiled.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { closedPort } from '../../support/ports.ts';
import { writeUnseenLock } from '../../support/unseen-lock.ts';

it('is not started by an aborted signal, and writes nothing', async () => {
  const folder = await temporaryFolder();
  const reason = new Error('too late');
  const starting = startInstance({ dataDir: join(folder, 'данные'), signal: AbortSignal.abort(reason) });
  await expect(starting).rejects.toBe(reason);
  expect(await readdir(folder)).toEqual([]);
});

it('waits no longer for its data folder once the signal aborts, and leaves the lock alone', async () => {
  const dataDir = join(await temporaryFolder(), 'данные 🚀');
  await writeUnseenLock(join(dataDir, 'lock.json'));
  const lock = await readFile(join(dataDir, 'lock.json'), 'utf8');
  const abort = new AbortController();
  const reason = new Error('enough');
  const starting = startInstance({
    dataDir,
    signal: abort.signal,
    log: ({ type }) => {
      if (type === 'locked') setImmediate(() => abort.abort(reason));
    },
  });
  await expect(starting).rejects.toBe(reason);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  expect(await readdir(dataDir)).toEqual(['lock.json']);
  expect(await readFile(join(dataDir, 'lock.json'), 'utf8')).toBe(lock);
});

it('leaves no port, lock, listener or timer, wherever its start is aborted', async () => {
  const program = await compileProgram(new URL('../../support/programs/aborting.ts', import.meta.url));
  const dataDir = join(await temporaryFolder(), 'данные 🚀');
  const ports = [await closedPort(), await closedPort(), await closedPort()].map(String);
  // It starts on the same ports each time, and ends by itself once nothing is left.
  const { end, printed } = startCompiled(program, [dataDir, ...ports]);
  expect({ code: await end, printed: printed() }).toMatchObject({ code: 0 });
  const attempts = printed()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { isStarted: boolean; names: string[]; listeners: number });
  const aborted = attempts.slice(0, -1);
  expect(attempts.at(-1)).toMatchObject({ isStarted: true, listeners: 0 });
  expect(new Set(aborted.map(({ isStarted, listeners }) => `${isStarted} ${listeners}`))).toEqual(new Set(['false 0']));
  const names = new Set(aborted.flatMap((attempt) => attempt.names));
  expect([...names].filter((name) => name === 'lock.json' || name.endsWith('.tmp'))).toEqual([]);
  // The last ones got far.
  expect(names).toContain('instance.json');
  await program.remove();
});
