import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startNode } from '../../support/cli.ts';

/** A sample is short, and what the engine keeps for itself weighs more in it. */
const limit = 10;

test('a flood of inbound messages leaves the heap where it was, and none of them is lost (X7)', async () => {
  const program = join(import.meta.dirname, 'flood.mjs');
  const args = ['--expose-gc', program, '--messages', '100000', '--limit', String(limit)];
  const { code, stdout, stderr } = await startNode(args).ended;
  const { slopeBytesPerMessage, ...result } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<
    string,
    number
  >;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(result).toMatchObject({ messages: 100_000, lost: 0, dropped: 0 });
  expect(slopeBytesPerMessage).toBeLessThan(limit);
});
