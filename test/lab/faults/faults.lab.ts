import { describe, expect, test } from 'vitest';
import { canUnshare } from '../../support/namespaces.ts';
import { rows } from './all.ts';
import { play, type Result } from './lab.ts';

declare module 'vitest' {
  interface TaskMeta {
    fault?: Result;
  }
}

const isQuick = process.env['LAB_QUICK'] === 'true';
const only = process.env['LAB_ONLY'] ?? '';
const played = rows.filter((row) => (row.isQuick || !isQuick) && row.fault.includes(only));

describe.concurrent('faults', () => {
  test.for(played)('$fault', { timeout: 240_000 }, async (row, { task, skip }) => {
    skip(row.needsNamespaces === true && !canUnshare, 'needs root, unshare and nsenter');
    const result = await play(row);
    task.meta.fault = result;
    expect(result).toMatchObject({ lost: 0 });
    expect([result.crashed, result.hung, result.unbounded]).toEqual([undefined, undefined, undefined]);
  });
});
