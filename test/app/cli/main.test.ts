import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../../app/cli/commands.ts';
import { suggest } from '../../../app/client/options/suggestion.ts';
import { runCli } from '../../support/cli.ts';

describe('pepeunit', () => {
  test('--help lists every command with a summary', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
  });

  test('no command at all is a usage error that shows the help', async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: pepeunit COMMAND/);
  });

  test('--version is the version of package.json', async () => {
    const { version } = JSON.parse(await readFile(resolve('package.json'), 'utf8')) as { version: string };
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    ['demox', 'demo'],
    ['docter', 'doctor'],
    ['instanse', 'instance'],
  ])('an unknown command %s suggests %s', async (given, wanted) => {
    expect(await runCli([given])).toEqual({
      code: 2,
      stdout: '',
      stderr: `pepeunit: there is no command "${given}". Did you mean ${wanted}?\n`,
    });
  });

  test('an unknown command like no other points to the help', async () => {
    const { code, stderr } = await runCli(['\u001b[31mxyzzyxyzzy']);
    expect(code).toBe(2);
    expect(stderr).toBe('pepeunit: there is no command "\\x1b[31mxyzzyxyzzy". pepeunit --help lists the commands.\n');
  });
});

describe.each(commands.map(({ name }) => name))('pepeunit %s', (name) => {
  test('--help shows how to call it', async () => {
    const { code, stdout, stderr } = await runCli([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: pepeunit ${name}\\b`));
    expect(stdout).toContain('--help');
  });

  test('an unknown option is a usage error in one line', async () => {
    const { code, stdout, stderr } = await runCli([name, '--no-such-option']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^pepeunit.*--no-such-option.*\n$/);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('suggest', () => {
  test('finds the nearest word, and none for a strange one', () => {
    const words = ['demo', 'doctor', 'log'];
    expect(suggest('dmeo', words)).toBe('demo');
    expect(suggest('LOG', words)).toBe('log');
    expect(suggest('publish', words)).toBeUndefined();
    expect(suggest('x', [])).toBeUndefined();
  });
});
