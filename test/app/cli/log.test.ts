import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { appended } from '../../../app/cli/log.ts';
import { filtered, sinceIn } from '../../../app/cli/log-filter.ts';
import type { LogEntry } from '../../../services/log.ts';
import { runCli, startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const entries: readonly LogEntry[] = [
  { level: 'Error', text: 'old', create_datetime: ago(3000) },
  { level: 'Info', text: 'booted' },
  { level: 'Debug', text: 'hour', create_datetime: ago(90) },
  { level: 'Critical', text: 'пожар 🔥', create_datetime: ago(70) },
  { level: 'Warning', text: 'late', create_datetime: ago(5) },
  { level: 'Info', text: 'last', create_datetime: ago(1) },
];

const textOf = (all: readonly LogEntry[]) => all.map((entry) => `${JSON.stringify(entry)}\n`).join('');

const unitWith = async (all: readonly LogEntry[]): Promise<string> => {
  const folder = join(await temporaryFolder());
  await writeFile(join(folder, 'log.json'), textOf(all));
  return folder;
};

const jsonTexts = (stdout: string) =>
  stdout.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as LogEntry).text]));

describe('pepeunit log', () => {
  test.each([
    [
      ['--tail', '2'],
      ['late', 'last'],
    ],
    [['--tail', '0'], []],
    [
      ['--tail', '99'],
      ['old', 'booted', 'hour', 'пожар 🔥', 'late', 'last'],
    ],
    [
      ['--level', 'warning'],
      ['old', 'пожар 🔥', 'late'],
    ],
    [['--level', 'CRITICAL'], ['пожар 🔥']],
    [
      ['--since', '2h'],
      ['booted', 'hour', 'пожар 🔥', 'late', 'last'],
    ],
    [
      ['--since', '1.5d', '--level', 'Info'],
      ['booted', 'пожар 🔥', 'late', 'last'],
    ],
    [
      ['--since', '4500s'],
      ['пожар 🔥', 'late', 'last'],
    ],
    [
      ['--since', ago(75)],
      ['пожар 🔥', 'late', 'last'],
    ],
    [['--since', '3d', '--level', 'Error', '--tail', '1'], ['пожар 🔥']],
    [['--since', '30s'], []],
  ])('%j chooses %j', async (args, texts) => {
    const folder = await unitWith(entries);
    const { code, stdout, stderr } = await runCli(['log', folder, '--json', ...args]);
    expect({ code, stderr, texts: jsonTexts(stdout) }).toEqual({ code: 0, stderr: '', texts });
  });

  test.each([
    [['--tail', '-1'], '--tail takes a whole number from 0, not "-1".'],
    [['--tail', '1.5'], '--tail takes a whole number from 0, not "1.5".'],
    [['--level', 'loud'], '--level takes Debug, Info, Warning, Error, Critical, not "loud".'],
    [
      ['--since', 'вчера'],
      '--since takes a time, such as 2026-01-31 or 2026-01-31T12:00Z, or how long ago: 30s, 10m, 2h or 1d; not "вчера".',
    ],
    [['--since', '2026-13-01'], expect.stringContaining('not "2026-13-01"')],
  ])('%j is a usage error that says what is allowed', async (args, message) => {
    const { code, stdout, stderr } = await runCli(['log', ...args]);
    expect({
      code,
      stdout,
      message: /^pepeunit log: (.*) pepeunit log --help says more\.\n$/.exec(stderr)?.[1],
    }).toEqual({
      code: 2,
      stdout: '',
      message,
    });
  });

  test('--follow goes on with what passes the filter', async () => {
    const folder = await unitWith(entries);
    const path = join(folder, 'log.json');
    const run = startCli(['log', folder, '--follow', '--tail', '1', '--level', 'Warning', '--json']);
    onTestFinished(async () => {
      run.child.kill('SIGINT');
      await run.ended;
    });
    await until(() => run.stdout().includes('late'), { what: 'the newest entry' });
    const more: LogEntry[] = [
      { level: 'Info', text: 'quiet', create_datetime: ago(0) },
      { level: 'Error', text: 'loud' },
    ];
    await writeFile(path, textOf([...entries, ...more]));
    await until(() => run.stdout().includes('loud'), { what: 'the new entry' });
    expect(jsonTexts(run.stdout())).toEqual(['late', 'loud']);
  });
});

describe('pepeunit log --follow where nothing has run', () => {
  test('says that it waits, then shows what comes', async () => {
    const folder = join(await temporaryFolder(), 'мой юнит 🚀');
    await mkdir(folder);
    const run = startCli(['log', folder, '--follow', '--json']);
    onTestFinished(async () => {
      run.child.kill('SIGINT');
      await run.ended;
    });
    const note = await until(() => /^\{.*\}$/m.exec(run.stderr())?.[0], { what: 'the note' });
    const path = join(folder, 'log.json');
    expect(JSON.parse(note)).toEqual({ type: 'note', message: `${path} does not exist yet: waiting for it.` });
    await writeFile(path, textOf(entries));
    await until(() => run.stdout().includes('last'), { what: 'the entries' });
    expect(jsonTexts(run.stdout())).toHaveLength(entries.length);
  });

  test('waits for no folder that is not there', async () => {
    const folder = join(await temporaryFolder(), 'нет');
    expect(await runCli(['log', folder, '--follow'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `pepeunit log: StorageError (io): ${join(folder, 'log.json')} does not exist. Name the folder of a unit that has run.\n`,
    });
  });
});

describe('sinceIn', () => {
  const now = Date.parse('2026-01-31T12:00:00Z');
  test.each([
    ['90s', now - 90_000],
    ['0.5h', now - 1_800_000],
    ['1d', now - 86_400_000],
    ['2026-01-31T11:00:00.5Z', now - 3_599_500],
    ['2026-01-31 14:00+03:00', now - 3_600_000],
    ['2026-01-31', new Date(2026, 0, 31).getTime()],
    ['2026-01-31T10:30', new Date(2026, 0, 31, 10, 30).getTime()],
  ])('%s', (text, ms) => {
    expect(sinceIn(text, now)).toBe(ms);
  });
});

describe('filtered', () => {
  test('keeps all, in order, without a filter', () => {
    const lines = entries.map((entry) => JSON.stringify(entry));
    expect(filtered(lines, {})).toEqual(lines);
    expect(filtered([], { tail: 3 })).toEqual([]);
  });
});

describe('appended', () => {
  test('finds the lines that are new, also when the oldest were cut off', () => {
    expect(appended([], ['a'])).toEqual(['a']);
    expect(appended(['a'], ['a'])).toEqual([]);
    expect(appended(['a', 'b'], ['a', 'b', 'c'])).toEqual(['c']);
    expect(appended(['a', 'b', 'c'], ['c', 'd'])).toEqual(['d']);
    expect(appended(['a', 'a'], ['a', 'a', 'a'])).toEqual(['a']);
    expect(appended(['a', 'b'], ['x'])).toEqual(['x']);
    expect(appended(['a', 'b'], [])).toEqual([]);
  });
});
