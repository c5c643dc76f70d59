import { getEventListeners } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startInstance } from '../../../app/instance/index.ts';
import { compileProgram, startCompiled } from '../../support/compiled.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { freePort } from '../../support/ports.ts';
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

it('leaves no port, lock, listener or timer when its start is aborted halfway', async () => {
  const program = await compileProgram(new URL('../../support/programs/aborting.ts', import.meta.url));
  const dataDir = join(await temporaryFolder(), 'данные 🚀');
  const ports = [await freePort(), await freePort(), await freePort()].map(String);
  // It starts on the same ports each time, and ends by itself once nothing is left.
  const { end, printed } = startCompiled(program, [dataDir, ...ports]);
  expect({ code: await end, printed: printed() }).toEqual({ code: 0, printed: expect.any(String) });
  expect(JSON.parse(printed())).toEqual([
    { end: 'aborted', names: [], listeners: 0 },
    { end: 'aborted', names: ['instance.json'], listeners: 0 },
  ]);
  await program.remove();
});
