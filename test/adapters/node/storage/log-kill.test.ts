import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileProgram, startCompiled, type Compiled } from '../../../support/compiled.ts';
import { until } from '../../../support/until.ts';
import { temporaryFolder } from '../../../support/folder.ts';

let program: Compiled;
beforeAll(async () => {
  program = await compileProgram(new URL('../../../support/programs/logging.ts', import.meta.url));
});
afterAll(() => program.remove());

const kills = 16;
const most = 40;

/** The numbers of the lines that are whole: the program may be at work on the last one. */
const numbersIn = (text: string): number[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => Number.parseInt((JSON.parse(line) as { text: string }).text, 10));

test(`a process that logs is killed ${kills} times: log.json is valid, within its limit, and goes on (L2)`, async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'log.json');
  let newest = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const { child, printed, end } = startCompiled(program, [path]);
    await until(() => printed().includes('logging'), { what: 'the program logs' });
    const read = () => readFile(path, 'utf8').catch(() => '');
    const before = newest;
    await until(async () => (numbersIn(await read()).at(-1) ?? 0) > before + 1, { what: 'new entries' });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 80));
    child.kill('SIGKILL');
    expect(await end).toBe('SIGKILL');

    const text = await read();
    const numbers = numbersIn(text);
    expect(text === '' || text.endsWith('\n')).toBe(true);
    expect(numbers.length).toBeLessThanOrEqual(most);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(numbers.at(-1) ?? 0).toBeGreaterThanOrEqual(newest);
    newest = numbers.at(-1) ?? newest;
  }
  expect(newest).toBeGreaterThan(kills);
  expect((await readdir(folder)).length).toBeLessThanOrEqual(2);
});
