import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startNode, type CliOptions } from '../support/cli.ts';
import { readTables } from './readme.ts';
import { columns, shortColumns, targetsText, titleText } from './report.ts';
import type { RowHead, RowResult } from './result.ts';
import { rows } from './rows.ts';

const project = join(import.meta.dirname, '../..');

const runBench = async (args: readonly string[], options?: CliOptions) => {
  const node = ['--import', './test/lab/typescript.mjs', 'test/bench/bench.ts', ...args];
  return startNode(node, { cwd: project, ...options }).ended;
};

const quick = async (
  ids: string,
  options?: CliOptions,
): Promise<{ readonly peer: string; readonly results: RowResult[] }> => {
  const { code, stdout, stderr } = await runBench(['--quick', '--json', '--rows', ids], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { peer: string; results: RowResult[] };
};

const expectNumber = (value: unknown): void => {
  expect(value).toEqual(expect.any(Number));
  expect(value).toBeGreaterThan(0);
};

const skips = spawnSync('cc', ['--version']).error !== undefined && process.env['CI'] === undefined;

describe.skipIf(skips)(`with a peer in C${skips ? ' (skipped: there is no cc)' : ''}`, () => {
  test('a quick run measures both clients of each kind of messages, and the peer alone', async () => {
    const ids = ['in-0-8', 'out-0', 'out-1-awaited'];
    const { peer, results } = await quick(ids.join(','));
    expect({ peer, ids: results.map(({ id }) => id) }).toEqual({ peer: 'C', ids });
    for (const result of results) {
      for (const spread of [result.bare, result.unit, result.ratio, result.cpu?.ratio]) expectNumber(spread?.median);
      expectNumber(result.peer?.ceiling);
    }
  });

  test('a quick run measures a unit beside a build without inspection', async () => {
    const { results } = await quick('inspection-off');
    for (const { bare, unit, ratio, cpu } of results)
      for (const spread of [bare, unit, ratio, cpu?.ratio]) expectNumber(spread?.median);
    expect(results.length).toBe(1);
  });

  test('a quick run measures many clients in a process, and the process of one', async () => {
    const { results } = await quick('unit-rss,process-start');
    const ids = ['unit-rss', 'unit-heap', 'unit-start', 'units-idle'];
    expect(results.map(({ id }) => id)).toEqual([...ids, 'process-start', 'process-subscribed', 'process-rss']);
    for (const { bare, unit } of results)
      expect([bare?.median, unit.median]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test('a quick run measures what is no traffic: calls, the log, an archive', async () => {
    const ids = ['command', 'reconnect', 'look-up', 'cipher', 'log-entries', 'log-bytes', 'archive', 'archive-rss'];
    const { results } = await quick('command,reconnect,look-up,cipher,log-entries,archive');
    expect(results.map(({ id }) => id)).toEqual(ids);
    for (const { unit } of results) expect(unit.median).toEqual(expect.any(Number));
    expect(results.filter(({ bare }) => bare).map(({ id }) => id)).toEqual(['reconnect', 'archive']);
  });

  test('a quick run goes through MQTT 5 as well, with options of the unit', async () => {
    const { code, stdout } = await runBench([
      '--quick',
      '--json',
      '--rows',
      'in-1,out-1',
      '--protocol',
      '5',
      '--options',
      '{"outbox":{"messages":5000}}',
    ]);
    const { protocol, options, results } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<
      string,
      unknown
    >;
    expect({ code, protocol, options }).toEqual({ code: 0, protocol: 5, options: { outbox: { messages: 5000 } } });
    expect(results).toHaveLength(2);
  });
});

test('without a C compiler the peer says that it is the limit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-no-cc-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink(process.execPath, join(folder, 'node'));
  const { peer, results } = await quick('in-0,out-1', { env: { PATH: folder } });
  expect(peer).toBe('Node');
  expect(results.map((result) => result.peer)).toEqual([
    { language: 'Node', isLimit: true },
    { language: 'Node', isLimit: true },
  ]);
});

test('an unknown row is refused with the names of all', async () => {
  const { code, stderr } = await runBench(['--rows', 'in-9']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('There is no row "in-9". There are in-0, ');
});

/** The cells of a row of a Markdown table. */
const cellsIn = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** A table that the benchmark wrote, in cells, and all that is said with it. */
const readTable = async (place: 'short' | 'whole') => {
  const part = await readTables(place);
  const [head = [], , ...body] = part
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsIn);
  return { part, head, body };
};

const heads: readonly RowHead[] = rows.flatMap((row) => row.heads);
const withTargets = heads.filter(({ targets = [] }) => targets.length > 0);

describe.each([
  ['the table of the README', 'short', shortColumns, withTargets],
  ['the table of docs/benchmark.md', 'whole', columns, heads],
] as const)('%s', (_, place, heading, expected) => {
  test('has the columns, rows and targets of the benchmark', async () => {
    const { head, body } = await readTable(place);
    expect(head).toEqual(heading);
    const target = heading.indexOf('target');
    expect(body.map((row) => [row[0], row[target]])).toEqual(expected.map((one) => [titleText(one), targetsText(one)]));
  });

  test('judges each ratio by its target', async () => {
    const { body } = await readTable(place);
    const [compared, target] = [heading.indexOf('unit / mqtt.js'), heading.indexOf('target')];
    const judgedRows = body.filter((row) => row[target]?.startsWith('>='));
    expect(judgedRows).not.toEqual([]);
    for (const row of judgedRows) {
      const isMissed = Number.parseFloat(row[compared] ?? '') < Number.parseFloat(row[target]?.slice(3) ?? '');
      expect([row[0], row.at(-1)?.startsWith(`missed: >=`)]).toEqual([row[0], isMissed]);
    }
  });
});

test('the README names what limits each row that misses a target', async () => {
  const { part, body } = await readTable('short');
  const missed = body.filter((row) => row.at(-1)?.startsWith('missed')).map(([title = '']) => title);
  const named = part.split('\n').flatMap((line) => /^- (.+?): ./.exec(line)?.[1]?.split('; ') ?? []);
  expect(named.toSorted()).toEqual(missed.toSorted());
});
