import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const main = resolve(import.meta.dirname, '../../../dist/app/cli/main.js');

const jsonLines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('with --json', () => {
  test('each line of run on standard error is JSON, of the inspector too', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'env.json'), '{}');
    await writeFile(join(folder, 'unit'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const { code, stdout, stderr } = await runCli(['run', 'unit', '--inspect', '--json'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(jsonLines(stderr)).toEqual([
      { type: 'inspector', url: expect.stringMatching(/^http:/) },
      { type: 'notInspected', message: `${join(folder, 'unit')} is no script of Node, and can't be inspected.` },
      { type: 'started', pid: expect.any(Number) },
      { type: 'ended', code: 0, signal: null },
    ]);
  });

  test.each([
    [['run', 'main.js', '--json'], 78, { name: 'SettingsError', code: 'missing' }],
    [
      ['run', '--json', '--bad', 'main.js'],
      2,
      { name: 'UsageError', code: 'usage', message: "Unknown option '--bad'." },
    ],
    [['run', '--json'], 78, { name: 'SettingsError', code: 'missing' }],
    [['run', '--json', 'nothing/main.js'], 2, { name: 'UsageError', code: 'usage' }],
    [['publish', 'key', 'x', '--json'], 1, { name: 'SettingsError', code: 'missing' }],
    [['log', '--json'], 1, { name: 'StorageError', code: 'io' }],
  ])('%j fails with one line of JSON', async (args, wanted, error) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'main.js'), '');
    const { code, stdout, stderr } = await runCli(args, { cwd: folder });
    expect({ code, stdout }).toEqual({ code: wanted, stdout: '' });
    expect(jsonLines(stderr)).toMatchObject([{ type: 'error', message: expect.stringMatching(/\.$/), ...error }]);
  });
});

test.each(['log', 'completion bash', 'diagram unit', '--help'])(
  'a reader that leaves early, as in pepeunit %s | head -1, is no failure',
  async (words) => {
    const folder = await temporaryFolder();
    const entry = { level: 'Info', text: 'x'.repeat(200), create_datetime: '2026-01-31T12:00:00.000Z' };
    await writeFile(join(folder, 'log.json'), `${JSON.stringify(entry)}\n`.repeat(5000));
    const script = `set -o pipefail; '${process.execPath}' '${main}' ${words} | head -1`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script], { cwd: folder });
    expect(stdout).toMatch(/^[^\n]+\n$/);
    expect(stderr).toBe('');
  },
);
