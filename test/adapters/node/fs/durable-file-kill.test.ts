import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepTemporaries } from '../../../../adapters/node/fs/temporary-files.ts';
import { compileProgram, startCompiled, type Compiled } from '../../../support/compiled.ts';
import { until } from '../../../support/until.ts';
import { temporaryFolder } from '../../../support/folder.ts';

let program: Compiled;
beforeAll(async () => {
  program = await compileProgram(new URL('../../../support/programs/rewriting.ts', import.meta.url));
});
afterAll(() => program.remove());

const kills = 32;

const numberIn = async (path: string): Promise<number> => {
  const text = await readFile(path, 'utf8').catch(() => '{"n":0}');
  return (JSON.parse(text) as { n: number }).n;
};

test(`a process that rewrites a document is killed ${kills} times: the document is always one of those written (U3, L2)`, async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'env.json');
  let last = 0;
  let leftOver = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const { child, printed, end } = startCompiled(program, [path]);
    await until(() => printed().includes('writing'), { what: 'the program writes' });
    const before = last;
    await until(async () => (await numberIn(path)) > before, { what: 'the document is rewritten' });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    child.kill('SIGKILL');
    expect(await end).toBe('SIGKILL');

    const { n, filling } = JSON.parse(await readFile(path, 'utf8')) as { n: number; filling: string };
    expect(n).toBeGreaterThanOrEqual(last);
    expect(filling).toBe(String(n % 10).repeat(20_000 + (n % 7) * 3000));
    last = n;
    leftOver += (await readdir(folder)).length - 1;
    expect((await readdir(folder)).length).toBeLessThanOrEqual(2);
  }
  expect(last).toBeGreaterThanOrEqual(kills);
  await sweepTemporaries(folder);
  expect(await readdir(folder)).toEqual(['env.json']);
  expect(leftOver).toBeLessThanOrEqual(kills);
});
