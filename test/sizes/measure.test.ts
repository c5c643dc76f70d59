import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { overBudget, sizeOf, subjects } from './measure.ts';

const subject = { name: 'a', about: '', budget: 1_000, isWhole: false };

test('an entry is measured minified, with its own modules and without packages', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'inner.js'), `export const said = ${JSON.stringify('word '.repeat(1_000))};`);
  const entry = join(folder, 'entry.js');
  await writeFile(
    entry,
    `import { setup } from 'xstate';\n// A remark.\nexport { said } from './inner.js';\nsetup({});`,
  );
  const { minified, gzipped } = await sizeOf({ ...subject, entry });
  expect(minified).toBeGreaterThan(5_000);
  expect(minified).toBeLessThan(5_200);
  expect(gzipped).toBeLessThan(300);
});

test('files are measured one by one, as they are sent', async () => {
  const folder = await temporaryFolder();
  const texts = ['first file', 'second file'];
  const files = await Promise.all(
    texts.map(async (text, index) => {
      const path = join(folder, String(index));
      await writeFile(path, text);
      return path;
    }),
  );
  const packed = texts.map((text) => gzipSync(text, { level: 9 }));
  const { minified, gzipped } = await sizeOf({ ...subject, files });
  expect([minified, gzipped]).toEqual([21, packed.reduce((sum, { length }) => sum + length, 0)]);
});

test('what is over its budget is found, gzipped, to the byte', () => {
  const sizes = [999, 1_000, 1_001].map((gzipped) => ({ ...subject, name: String(gzipped), minified: 9_999, gzipped }));
  expect(overBudget(sizes).map(({ name }) => name)).toEqual(['1001']);
});

test('every subject has a name of its own', () => {
  expect(new Set(subjects.map(({ name }) => name)).size).toBe(subjects.length);
});
