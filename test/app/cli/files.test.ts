import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { runCli, startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const at = '2026-01-31T12:00:00.000Z';
const entry = (text: string) => ({ level: 'Info', text, create_datetime: at });
const lines = (...texts: readonly string[]) => texts.map((text) => `${JSON.stringify(entry(text))}\n`).join('');

describe('pepeunit log', () => {
  test('prints entries readably, one line each, and as they are with --json', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'log.json'), `${lines('one', 'two\n\u001b[2J')}{"level":"In`);
    expect(await runCli(['log', folder])).toEqual({
      code: 0,
      stdout: `${at} Info     one\n${at} Info     two\\n\\x1b[2J\n`,
      stderr: '',
    });
    const { stdout } = await runCli(['log', '--json'], { cwd: folder });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([entry('one'), entry('two\n\u001b[2J')]);
  });

  test('a folder without log.json is an error', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runCli(['log', folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pepeunit log: StorageError \(io\): .*log\.json does not exist.*\n$/);
  });

  test('--follow prints what comes, and ends with 0 on Ctrl-C', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'log.json');
    await writeFile(path, lines('one', 'two'));
    const run = startCli(['log', folder, '--follow']);
    await until(() => run.stdout().includes('two'), { what: 'the first entries' });
    await writeFile(path, lines('two', 'three'));
    await until(() => run.stdout().includes('three'), { what: 'the new entry' });
    run.child.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout.match(/\b(?:one|two|three)\b/g)).toEqual(['one', 'two', 'three']);
  });

  test('a reader that leaves early is no failure', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'log.json'), lines(...Array.from({ length: 20_000 }, (_, n) => `entry ${n}`)));
    const run = startCli(['log', folder]);
    await until(() => run.stdout() !== '', { what: 'output' });
    run.child.stdout?.destroy();
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
