import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startNode } from '../support/cli.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';

const project = join(import.meta.dirname, '../..');

describeWithMosquitto('the benchmark of fleets', () => {
  test('measures memory, start and rest of units beside bare mqtt.js, with and without a time server', async () => {
    const bench = ['--import', './test/lab/typescript.mjs', 'test/bench/fleet.ts', '--units', '10'];
    const run = startNode([...bench, '--seconds', '0.5', '--json'], { cwd: project });
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { results } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { results: Record<string, unknown>[] };
    const names = ['mqtt.js', 'units', 'units, no time server'];
    expect(results.map(({ count, name }) => [count, name])).toEqual(names.map((name) => [10, name]));
    const figures = ['rssKb', 'heapKb', 'startCpuMs', 'startMs', 'idlePercent'];
    for (const result of results)
      expect(result).toMatchObject(Object.fromEntries(figures.map((key) => [key, expect.any(Number)])));
  });
});
