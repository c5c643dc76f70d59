import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../app/cli/commands.ts';
import { runCli } from '../../support/cli.ts';
import { createFolder } from '../../support/folder.ts';

const names = commands.map(({ name }) => name);

describe('pepeunit completion bash', () => {
  let folder: string;
  let remove: () => Promise<void>;
  afterAll(() => remove());
  beforeAll(async () => {
    ({ path: folder, remove } = await createFolder());
    const { code, stdout, stderr } = await runCli(['completion', 'bash']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await writeFile(join(folder, 'completion.bash'), stdout);
  });

  /** What bash offers for the last of some words, and whether it goes on with paths. */
  const offered = async (...words: readonly string[]): Promise<string[]> => {
    const script = `
      source ./completion.bash
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _pepeunit
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: folder });
    return stdout.split('\n').filter((line) => line !== '');
  };

  test.each([
    [
      ['pepeunit', ''],
      [...names, 'help'],
    ],
    [['pepeunit', 'do'], ['doctor']],
    [['pepeunit', '--ver'], ['--version']],
    [['pepeunit', 'log', '--f'], ['--follow']],
    [
      ['pepeunit', 'log', '--level', ''],
      ['Debug', 'Info', 'Warning', 'Error', 'Critical'],
    ],
    [['pepeunit', 'log', '--tail', '-'], []],
    [['pepeunit', 'log', ''], []],
    [
      ['pepeunit', 'demo', '--json', '--protocol', ''],
      ['4', '5'],
    ],
    [['pepeunit', 'diagram', 'mq'], ['mqtt']],
    [['pepeunit', 'diagram', 'mqtt', '--format', 's'], ['svg']],
    [['pepeunit', 'run', 'main.js', '--', '--h'], []],
    [['pepeunit', 'help', 'pu'], ['publish']],
    [
      ['pepeunit', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['pepeunit', 'nothing', '-'], []],
  ])('%j offers %j', async (words, wanted) => {
    expect((await offered(...words)).toSorted()).toEqual(wanted.toSorted());
  });

  test('is bound to both names', async () => {
    const script = 'source ./completion.bash; complete -p pepeunit pepeunit-client';
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], { cwd: folder });
    expect(stdout).toBe(
      'complete -o default -F _pepeunit pepeunit\ncomplete -o default -F _pepeunit pepeunit-client\n',
    );
  });
});

describe('pepeunit completion', () => {
  test.each(['bash', 'zsh', 'fish'])('has every command and its options in %s', async (shell) => {
    const { stdout } = await runCli(['completion', shell]);
    for (const { name, load } of commands) {
      expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
      for (const { long } of (await load()).options) expect(stdout).toContain(long?.slice(2));
    }
  });

  test('names the shells that there are', async () => {
    expect(await runCli(['completion', 'csh'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'pepeunit completion: There is no completion for "csh", only for bash, zsh, fish. ' +
        'pepeunit completion --help says more.\n',
    });
  });
});
