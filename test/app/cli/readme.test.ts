import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../support/cli.ts';
import { temporaryFolder, writeFiles } from '../../support/folder.ts';

const description = `
[general]
name = "Вентилятор 🌀"
description = "Regulates | fans"
language = "TypeScript"
hardware = ["esp32", "4pin fan"]
firmware = [{ name = "image.bin", link = "https://example.com/image.bin" }]
version = "1.0.0"
authors = [{ name = "Ada", email = "ada@example.com" }, { name = "Bob" }]

[images]
schema = "https://example.com/schema.png"

[files]
"Fan's data" = "https://example.com/fan.html"

[physical_io]
"client.settings.PIN" = "Duty of the **fan**"

[env_description]
PIN = "Number of the \`Pin\`"

[topic_assignment]
"duty/pepeunit" = "Duty as text, such as \`8192\`"

[work_algorithm]
steps = ["Connects", "Regulates"]
`;

const readme = String.raw`# Вентилятор 🌀

Parameter | Implementation
-- | --
Description | Regulates \| fans
Lang | ${'`TypeScript`'}
Hardware | ${'`esp32`, `4pin fan`'}
Firmware | [image.bin](https://example.com/image.bin)
Version | 1.0.0
Authors | Ada <ada@example.com>, Bob

## Schema

<div align="center"><img align="center" src="https://example.com/schema.png"></div>

## Files

1. [Fan's data](https://example.com/fan.html)

## Physical IO

- ${'`client.settings.PIN`'} - Duty of the **fan**

## Env variable assignment

1. ${'`PIN` - Number of the `Pin`'}

## Assignment of Device Topics

- ${'`duty/pepeunit` - Duty as text, such as `8192`'}

## Work algorithm

1. Connects
2. Regulates
`;

const unitWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await temporaryFolder();
  await writeFiles(folder, { 'pepeunit.toml': description, ...files });
  return folder;
};
const read = (folder: string, name = 'readme.md') => readFile(join(folder, name), 'utf8');

describe('pepeunit readme', () => {
  test('writes what pepeunit.toml holds, without the sections that it lacks', async () => {
    const folder = await unitWith({});
    expect(await runCli(['readme'], { cwd: folder })).toEqual({ code: 0, stdout: 'wrote readme.md\n', stderr: '' });
    expect(await read(folder)).toBe(readme);
    expect(await runCli(['readme'], { cwd: folder })).toMatchObject({ code: 0, stdout: 'readme.md is current\n' });
  });

  test('--check writes nothing, and exits with 1 when the readme is not current', async () => {
    const folder = await unitWith({});
    const missing = await runCli(['readme', '--check'], { cwd: folder });
    expect(missing).toEqual({
      code: 1,
      stdout: '',
      stderr: 'pepeunit readme: readme.md is not what pepeunit.toml says. Write it by npx pepeunit-client readme.\n',
    });
    expect(await readdir(folder)).toEqual(['pepeunit.toml']);
    await runCli(['readme'], { cwd: folder });
    expect(await runCli(['readme', '--check', '--json'], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: '{"readme":"readme.md","current":true}\n',
    });
    await writeFile(join(folder, 'pepeunit.toml'), description.replace('1.0.0', '1.0.1'));
    expect(await runCli(['readme', '--check', '--json'], { cwd: folder })).toMatchObject({
      code: 1,
      stdout: '{"readme":"readme.md","current":false}\n',
    });
  });

  test('keeps what its author has added at the end, and the name of the file', async () => {
    const own = '## Additional information\n\n```\n# code\n```\n';
    const folder = await unitWith({ 'README.md': `${readme.replace('1.0.0', '0.9.0')}\n${own}` });
    expect(await runCli(['readme', folder, '--check'])).toMatchObject({ code: 1 });
    expect(await runCli(['readme', folder])).toMatchObject({ code: 0 });
    expect(await read(folder, 'README.md')).toBe(`${readme}\n${own}`);
    expect((await readdir(folder)).toSorted()).toEqual(['README.md', 'pepeunit.toml']);
    expect(await runCli(['readme', folder, '--check'])).toMatchObject({ code: 0 });
  });

  test('leaves a readme alone that was not written so', async () => {
    const folder = await unitWith({ 'README.md': '# My fan\n\nBy hand.\n' });
    const { code, stderr } = await runCli(['readme', folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^pepeunit readme: StorageError \(io\): .*README\.md was not written from pepeunit\.toml.*\n$/,
    );
    expect(await read(folder, 'README.md')).toBe('# My fan\n\nBy hand.\n');
  });

  test.each([
    ['name = "a\n', /SettingsError \(malformed\): pepeunit\.toml, line 1: .+\. Correct it\.\n$/],
    ['general = 1\n', /SettingsError \(invalid\): pepeunit\.toml: general must be a table\. Correct it\.\n$/],
    ['[general]\nstack = ["a", {name = "b"}]\n', /general\.stack must be a list of one kind of element/],
    ['[images]\na = ["b"]\n', /images\.a must be a text/],
  ])('a description %j is an error in one line', async (text, wanted) => {
    const folder = await unitWith({ 'pepeunit.toml': text });
    const { code, stdout, stderr } = await runCli(['readme', folder]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(wanted);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  test('a folder without pepeunit.toml is an error', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runCli(['readme', folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pepeunit readme: SettingsError \(missing\): .*pepeunit\.toml does not exist\..*\n$/);
  });
});

describe('pepeunit pack', () => {
  test('says in one line that the readme is not current, and packs all the same', async () => {
    const folder = await unitWith({ 'main.js': '', 'readme.md': readme.replace('1.0.0', '0.9.0') });
    const out = join(await temporaryFolder(), 'unit.tgz');
    const old = await runCli(['pack', '--out', out], { cwd: folder });
    expect(old).toMatchObject({
      code: 0,
      stderr: 'pepeunit pack: readme.md is not what pepeunit.toml says. Write it by npx pepeunit-client readme.\n',
    });
    await runCli(['readme'], { cwd: folder });
    expect(await runCli(['pack', '--out', out], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
  });
});
