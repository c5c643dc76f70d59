import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startNode } from '../../support/cli.ts';

/** A sample is short, and what the engine keeps for itself weighs more in it. */
const limit = 10;

const flood = (...options: readonly string[]) =>
  startNode(['--expose-gc', join(import.meta.dirname, 'flood.mjs'), ...options]).ended;

test.each(['on', 'off'])(
  'a flood of inbound messages leaves the heap where it was, and none of them is lost; fast path: %s (X7)',
  async (fastPath) => {
    const { code, stdout, stderr } = await flood(
      '--messages',
      '100000',
      '--limit',
      String(limit),
      '--fast-path',
      fastPath,
    );
    const { slopeBytesPerMessage, ...result } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<
      string,
      number | boolean
    >;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(result).toMatchObject({ messages: 100_000, lost: 0, dropped: 0, fastPath: fastPath === 'on' });
    expect(slopeBytesPerMessage).toBeLessThan(limit);
  },
);

test('a flood knows no third way', async () => {
  const { code, stderr } = await flood('--fast-path', 'no');
  expect(code).toBe(1);
  expect(stderr).toContain('--fast-path takes on or off, not "no"');
});
