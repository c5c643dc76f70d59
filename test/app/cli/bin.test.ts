import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startNode, type CliResult } from '../../support/cli.ts';

const root = resolve(import.meta.dirname, '../../..');
const bin = resolve(root, 'dist/app/cli/bin.js');
const { engines, version } = JSON.parse(await readFile(resolve(root, 'package.json'), 'utf8')) as {
  engines: { node: string };
  version: string;
};
const oldest = engines.node.replace('>=', '');

/** Runs `pepeunit --version` by a Node that says that it is of another version. */
const versionBy = (node: string): Promise<CliResult> => {
  const program = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } });`;
  return startNode(['--import', `data:text/javascript,${encodeURIComponent(program)}`, bin, '--version']).ended;
};

test.each(['18.20.8', '20.9.0', '20.18.3'])('a Node that is too old is named, such as %s', async (node) => {
  expect(await versionBy(node)).toEqual({
    code: 1,
    stdout: '',
    stderr: `pepeunit: Node ${node} is too old. Install Node ${oldest} or newer: https://nodejs.org/en/download\n`,
  });
});

test.each([oldest, '20.20.0', '22.0.0', '100.0.0', '24.0.0-nightly2025.1.1'])('Node %s runs it', async (node) => {
  expect(await versionBy(node)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('an old Node can load what says so: it imports nothing else beforehand', async () => {
  const text = await readFile(bin, 'utf8');
  expect([...text.matchAll(/^import .*$/gm)].map(([line]) => line)).toEqual([
    'import { createRequire } from "node:module";',
  ]);
});
