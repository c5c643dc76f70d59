import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createConsumer } from '../support/consumer.ts';

const page = resolve(import.meta.dirname, '../../docs/testing.md');

/** The files of the guide: each block of code under the name that stands before it. */
const filesIn = (text: string): Map<string, string> => {
  const files = new Map<string, string>();
  for (const [, name, code = ''] of text.matchAll(/(?:<!-- (\S+) -->\s+)?```ts\n([\s\S]*?)```/g)) {
    if (name === undefined) throw new Error(`A block of code has no name: ${code}`);
    files.set(name, `${files.get(name) ?? ''}${code}\n`);
  }
  return files;
};

test('every snippet of the guide compiles strictly, and its tests pass', async () => {
  const consumer = await createConsumer();
  const text = await readFile(page, 'utf8');
  const files = filesIn(text);
  for (const [name, code] of files) await consumer.write(name, code);
  expect(await consumer.compile()).toBe('');
  const titles = [...files.values()].flatMap((code) => [...code.matchAll(/^test\(/gm)]);
  expect(titles.length).toBeGreaterThan(5);
  const { pass, fail, output } = await consumer.runTests();
  expect({ pass, fail }, output).toEqual({ pass: titles.length, fail: 0 });
  const [, table = ''] = /^```\n(gate: [\s\S]*?)```$/m.exec(text) ?? [];
  expect(output.replaceAll('# ', ''), 'the table is the one that is printed').toContain(table);
});
