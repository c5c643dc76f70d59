import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../../app/cli/commands.ts';
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
    [['demox'], 'demo'],
    [['docter'], 'doctor'],
    [['instanse'], 'instance'],
    [['help', 'instanse'], 'instance'],
  ])('an unknown command %j suggests %s', async (given, wanted) => {
    expect(await runCli(given)).toEqual({
      code: 2,
      stdout: '',
      stderr: `pepeunit: Unknown command '${given.at(-1)}'. Did you mean ${wanted}? pepeunit --help says more.\n`,
    });
  });

  test('an unknown command like no other points to the help', async () => {
    const { code, stderr } = await runCli(['\u001b[31mxyzzyxyzzy']);
    expect(code).toBe(2);
    expect(stderr).toBe("pepeunit: Unknown command '\\x1b[31mxyzzyxyzzy'. pepeunit --help says more.\n");
  });

  test('help and -h show what --help does', async () => {
    const wanted = await runCli(['--help']);
    expect(await runCli(['help'])).toEqual(wanted);
    expect(await runCli(['-h'])).toEqual(wanted);
  });
});

test.each([
  [['publish', 'key'], 'It takes KEY MESSAGE, not key.'],
  [['publish', 'a', 'b', 'c'], 'It takes KEY MESSAGE, not a b c.'],
  [['instance', 'x'], 'It takes no operands, not x.'],
  [['demo', '--for'], "Option '--for <SECONDS>' argument missing."],
  [['log', '--jsn'], "Unknown option '--jsn'. Did you mean --json?"],
  [['pack', '--out', '--json'], '--out takes FILE, not "--json".'],
])('%j is a usage error', async ([name = '', ...args], text) => {
  expect(await runCli([name, ...args])).toEqual({
    code: 2,
    stdout: '',
    stderr: `pepeunit ${name}: ${text} pepeunit ${name} --help says more.\n`,
  });
});

describe.each(commands)('pepeunit $name', ({ name, load }) => {
  test('--help shows how to call it', async () => {
    const { code, stdout, stderr } = await runCli([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: pepeunit ${name}\\b`));
    expect(stdout).toMatch(/^ {2}-h, --help/m);
    for (const { long } of (await load()).options) expect(stdout).toMatch(new RegExp(`^ {6}${long}\\b`, 'm'));
    expect(stdout).toMatch(new RegExp(`\n\nExamples:\n( {2}npx pepeunit-client ${name}\\b.*\n)+$`));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('help, -h and -v are taken too', async () => {
    const wanted = await runCli([name, '--help']);
    expect(await runCli(['help', name])).toEqual(wanted);
    expect(await runCli([name, '-h'])).toEqual(wanted);
    const version = await runCli(['--version']);
    expect(await runCli(['-v'])).toEqual(version);
    expect(await runCli([name, '-v'])).toEqual(version);
    expect(await runCli([name, '--version'])).toEqual(version);
  });

  test('an unknown option is a usage error in one line', async () => {
    const { code, stdout, stderr } = await runCli([name, '--no-such-option']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^pepeunit.*--no-such-option.*\n$/);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});
