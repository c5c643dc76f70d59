import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../app/cli/commands.ts';
import { startInstance, type Instance } from '../../../app/instance/index.ts';
import { displayWidth } from '../../../app/terminal/layout.ts';
import { runCli } from '../../support/cli.ts';
import { createFolder, type Folder } from '../../support/folder.ts';
import { linesOf, runOnTerminal } from '../../support/terminal.ts';

let folder: Folder;
let instance: Instance;
let home: string;

beforeAll(async () => {
  folder = await createFolder();
  home = join(folder.path, 'мой юнит 🌡️');
  await runCli(['init', home]);
  instance = await startInstance();
  const unit = await instance.operator.createUnit({ name: 'first', folder: home });
  await writeFile(join(home, 'env.json'), JSON.stringify(await instance.operator.getEnv(unit.uuid)), { mode: 0o600 });
  await writeFile(join(home, 'schema.json'), JSON.stringify(instance.operator.getSchema(unit.uuid)));
  const entry = {
    level: 'Warning',
    text: 'Температура 🌡️ of the room is above the limit, and the fan turns at its highest speed since noon',
    create_datetime: '2026-01-31T12:00:00.000Z',
  };
  await writeFile(join(home, 'log.json'), `${JSON.stringify(entry)}\n`);
  await mkdir(join(home, 'data'));
});

afterAll(async () => {
  await instance.stop();
  await folder.remove();
});

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** The lines that a terminal breaks; a single word is broken whatever is done. */
const tooLong = (lines: readonly string[], columns: number): string[] =>
  lines.filter((line) => wordsOf(line).length > 1 && displayWidth(line) > columns);

describe.each([40, 80, 120])('on a terminal of %i columns', (columns) => {
  test.each([
    [['--help']],
    [['help', 'run']],
    [['pack', '--help']],
    [['completion', '--help']],
    [['doctor', '.']],
    [['log', '.']],
    [['docter']],
    [['publish', 'nothing', 'x']],
  ])('%j breaks no word, and has no line that is too long', async (args) => {
    const { shown } = await runOnTerminal(args, { columns, cwd: home });
    const lines = linesOf(shown);
    expect(tooLong(lines, columns)).toEqual([]);
    const { stdout, stderr } = await runCli(args, { cwd: home });
    const wanted = wordsOf(stdout + stderr).filter((word) => !/\d/.test(word));
    expect(wordsOf(lines.join('\n'))).toEqual(expect.arrayContaining(wanted));
  });

  test('the demo breaks no word, and has no line that is too long', async () => {
    const { shown } = await runOnTerminal(['demo', '--for', '10'], { columns, env: { TMPDIR: folder.path } });
    expect(tooLong(linesOf(shown), columns)).toEqual([]);
    expect(wordsOf(linesOf(shown).join(' '))).toEqual(expect.arrayContaining(['embedded', 'Commands', 'Messages']));
  });
});

describe('colours', () => {
  const escape = '\u001b[';
  test.each([
    ['on a terminal', {}, true],
    ['not with NO_COLOR', { NO_COLOR: '1' }, false],
    ['not on a dumb terminal', { TERM: 'dumb' }, false],
    ['with FORCE_COLOR in spite of NO_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
    ['not with FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
  ])('are shown %s', async (_where, env, isColoured) => {
    const { code, shown } = await runOnTerminal(['log'], { columns: 80, cwd: home, env });
    expect({ code, isColoured: shown.includes(escape) }).toEqual({ code: 0, isColoured });
  });

  test('are in a pipe only with FORCE_COLOR', async () => {
    expect((await runCli(['log'], { cwd: home })).stdout).not.toContain(escape);
    expect((await runCli(['log'], { cwd: home, env: { FORCE_COLOR: '1' } })).stdout).toContain(escape);
  });
});

describe('progress', () => {
  test.each([
    [
      ['pack', '.', '--out', '../packed.tgz'],
      /Reading {2}[█░]+ +\d+ % {2}\d+ of \d+ files, [\d.]+ k?B/,
      /Packing [\d.]+ k?B …/,
    ],
    [
      ['publish', 'output/pepeunit', '21.5'],
      /Waiting for the broker 127\.0\.0\.1 …/,
      /Publishing {2}[█░]+ +0 % {2}0 of 1 messages, 0 B/,
    ],
  ])('%j shows it on a terminal, and leaves the result alone', async (args, ...seen) => {
    const { code, shown } = await runOnTerminal(args, { columns: 100, cwd: home });
    expect(code).toBe(0);
    for (const one of seen) expect(shown).toMatch(one);
    expect(linesOf(shown).join('\n')).toMatch(/^(packed|published to) .*\n$/);
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const plain = await runOnTerminal(args, { columns: 100, cwd: home, env });
      expect(plain.shown).toMatch(/ …\n/);
      expect(plain.shown).not.toContain('\u001b');
    }
    expect((await runOnTerminal([...args, '--json'], { columns: 100, cwd: home })).shown).toMatch(/^\{.*\}\n$/);
    expect(await runCli(args, { cwd: home })).toMatchObject({ code: 0, stderr: '' });
  });
});

test('every command names its JSON where it prints data', async () => {
  const without = new Set(['completion', 'diagram', 'types']);
  for (const { name, load } of commands.filter((command) => !without.has(command.name)))
    expect([name, (await load()).options.map(({ long }) => long)]).toEqual([name, expect.arrayContaining(['--json'])]);
});
