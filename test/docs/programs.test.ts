import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createConsumer } from '../support/consumer.ts';

/** Programs that were written from the documentation alone, each with its own tsconfig.json and tests. */
const programs = join(import.meta.dirname, 'programs');

test.each(await readdir(programs))(
  'the program %s compiles strictly with the packed package, and passes its own tests',
  { timeout: 600_000 },
  async (name) => {
    const consumer = await createConsumer();
    await cp(join(programs, name), consumer.folder, { recursive: true });
    expect(await consumer.compile()).toBe('');
    const { pass, fail, output } = await consumer.runTests();
    expect(pass, output).toBeGreaterThan(0);
    expect(fail, output).toBe(0);
  },
);
