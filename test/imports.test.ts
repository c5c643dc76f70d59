import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { accomplice, lawful, unlawful } from './support/import-trees.ts';
import { temporaryFolder } from './support/folder.ts';

const project = resolve(import.meta.dirname, '..');
const config = join(project, '.dependency-cruiser.cjs');
const rooms = ['machines', 'services', 'adapters', 'app', 'test'];
const cli = join(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

/** Checks a tree of sources against the project's own import rules. @returns `rule: file` for each violation. */
const violations = async (tree: string): Promise<string[]> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, '--config', config, '--output-type', 'json', ...rooms],
    { cwd: tree, maxBuffer: 64 * 1024 * 1024 },
  ).catch((thrown: { stdout?: string; stderr?: string }) => {
    if (!thrown.stdout) throw new Error(`The import rules could not be checked: ${thrown.stderr}`, { cause: thrown });
    return { stdout: thrown.stdout };
  });
  const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[] } };
  return [...new Set(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`))];
};

const write = async (tree: string, files: Record<string, string>): Promise<void> => {
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), source);
  }
};

describe('the import rules', () => {
  let tree: string;
  beforeEach(async () => {
    tree = await temporaryFolder();
    await write(tree, lawful);
  });

  test('hold in this project', async () => {
    expect(await violations(project)).toEqual([]);
  });

  test('find nothing in a tree that keeps them', async () => {
    expect(await violations(tree)).toEqual([]);
  });

  test('each report the file that breaks them', async () => {
    await write(tree, accomplice);
    await write(tree, Object.fromEntries(unlawful.map(([, file, source]) => [file, source])));
    const found = await violations(tree);
    expect(unlawful.map(([rule, file]) => `${rule}: ${file}`).filter((expected) => !found.includes(expected))).toEqual(
      [],
    );
  });

  test('are each broken here', () => {
    const { forbidden } = createRequire(import.meta.url)(config) as { forbidden: { name: string }[] };
    expect([...new Set(unlawful.map(([rule]) => rule))].toSorted()).toEqual(
      forbidden.map(({ name }) => name).toSorted(),
    );
  });
});
