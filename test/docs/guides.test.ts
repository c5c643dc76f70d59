import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createConsumer } from '../support/consumer.ts';
import { root } from './public-members.ts';

/** The pages that users read, by their paths in the repository. */
const pagePaths = [
  'README.md',
  ...(await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];

const pages = await Promise.all(
  pagePaths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })),
);

/** The files of a page: each block of code under the name that stands before it. */
const filesIn = ({ path, text }: { path: string; text: string }): Map<string, string> => {
  const files = new Map<string, string>();
  for (const [, name, code = ''] of text.matchAll(/(?:<!-- (\S+) -->\s+)?```(?:ts|js)\n([\s\S]*?)```/g)) {
    if (name === undefined) throw new Error(`A block of code in ${path} has no name: ${code}`);
    files.set(name, `${files.get(name) ?? ''}${code}\n`);
  }
  return files;
};

test('every snippet of the guides compiles strictly, and its tests pass', { timeout: 600_000 }, async () => {
  const consumer = await createConsumer();
  await mkdir(join(consumer.folder, 'node_modules/@statelyai'));
  await symlink(
    join(root, 'node_modules/@statelyai/inspect'),
    join(consumer.folder, 'node_modules/@statelyai/inspect'),
  );
  let tests = 0;
  for (const page of pages) {
    for (const [name, code] of filesIn(page)) {
      await consumer.write(join(page.path.replaceAll(/\W/g, '-'), name), code);
      tests += [...code.matchAll(/^test\(/gm)].length;
    }
  }
  expect(await consumer.compile()).toBe('');
  expect(tests).toBeGreaterThan(12);
  const { pass, fail, output } = await consumer.runTests();
  expect({ pass, fail }, output).toEqual({ pass: tests, fail: 0 });
  const [, table = ''] =
    /^```\n(gate: [\s\S]*?)```$/m.exec(pages.find(({ path }) => path === 'docs/testing.md')?.text ?? '') ?? [];
  expect(output.replaceAll('# ', ''), 'the table is the one that is printed').toContain(table);
});
