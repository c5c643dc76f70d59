import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../../app/cli/commands.ts';
import { maxStepsPerSecond } from '../../app/inspector/recorder/machine.ts';
import { maxPages } from '../../app/inspector/server/pages.ts';
import { maxSources } from '../../app/inspector/server/sources.ts';
import { maxBytes, maxContext, maxLines, maxPayload } from '../../app/inspector/wire.ts';
import { runCli } from '../support/cli.ts';

const guide = await readFile(join(import.meta.dirname, '../../docs/inspector.md'), 'utf8');

/** The fenced blocks of a language. */
const blocks = (language: string): string[] =>
  [...guide.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, own, text = '']) => (own === language ? [text] : []));

const grouped = (count: number): string => count.toLocaleString('en-US');

test('the options in the guide are those of the help', async () => {
  const { stdout } = await runCli(['inspect', '--help']);
  expect(blocks('')).toContain(stdout);
});

test('every command of the guide is one, with options that it has', async () => {
  const lines = [...blocks('sh').join('').split('\n'), ...guide.matchAll(/`(npx pepeunit-client [^`]+)`/g)]
    .map((line) => (typeof line === 'string' ? line : (line[1] ?? '')))
    .filter((line) => line.startsWith('npx pepeunit-client '));
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) {
    const [, , name = '', ...words] = line.split(' ');
    expect(commands.map((command) => command.name)).toContain(name);
    const { stdout } = await runCli([name, '--help']);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`  ${option}`);
  }
});

test('the bounds in the guide are those of the code', () => {
  expect(guide).toContain(`the newest ${grouped(maxLines)} lines or ${maxBytes / 1024 / 1024} MiB`);
  expect(guide).toContain(`above ${grouped(maxStepsPerSecond)} steps/s`);
  expect(guide).toContain(`the first ${grouped(maxPayload)} bytes`);
  expect(guide).toContain(`the first ${grouped(maxContext)} characters`);
  expect(guide).toContain(`An inspector shows ${maxSources} units`);
  expect(maxPages).toBe(4);
});
