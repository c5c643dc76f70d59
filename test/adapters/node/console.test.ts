import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startCli } from '../../support/cli.ts';
import { compileProgram, type Compiled } from '../../support/compiled.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

let program: Compiled;
let shouting: Compiled;
beforeAll(async () => {
  program = await compileProgram(new URL('../../support/programs/printing.ts', import.meta.url));
  shouting = await compileProgram(new URL('../../support/programs/shouting.ts', import.meta.url));
});
afterAll(async () => {
  await program.remove();
  await shouting.remove();
});

const pepeunit = resolve(import.meta.dirname, '../../../dist/app/cli/main.js');

/** How many lines were left out, each time. */
const missed = (text: string) => [...text.matchAll(/(\d+) lines were left out/g)].map(([, count]) => Number(count));

/** Gives a program a terminal of its own. */
const terminalProgram = 'script';

const ended = (child: ChildProcess) => {
  onTestFinished(() => void child.kill('SIGKILL'));
  return once(child, 'close').then(([code]) => code as number | null);
};

/** Starts the printing unit with a shell's line, in which `unit` stands for it. */
const shell = async (line: string) => {
  const folder = await temporaryFolder();
  const unit = `'${process.execPath}' '${program.path}' '${folder}' 200 2`;
  const child = spawn('bash', ['-c', line.replaceAll('unit', unit)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const code = await ended(child);
  return { code, shown };
};

describe('a unit whose console goes away lives on, in silence (L6)', { timeout: 60_000 }, () => {
  test.each([
    ['stdout', '(unit 2>/dev/null; echo "code $?" >&2) | head -1'],
    ['stderr', '(unit 2>&1 >/dev/null; echo "code $?" >&3) 3>&2 | head -1'],
    ['both', '(unit 2>&1; echo "code $?" >&3) 3>&2 | head -1'],
  ])('%s', async (_stream, line) => {
    const { shown } = await shell(line);
    expect(shown).toContain('line 0');
    expect(shown).toContain('code 42');
    expect(shown).not.toContain('EPIPE');
  });

  const hasTerminals = spawnSync(terminalProgram, ['-qec', 'true', '/dev/null']).status === 0;
  test.skipIf(!hasTerminals)('a terminal that is closed', async () => {
    const folder = await temporaryFolder();
    const unit = `trap '' HUP; '${process.execPath}' '${program.path}' '${folder}' 400 5`;
    const terminal = spawn(terminalProgram, ['-qec', unit, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = ended(terminal);
    await once(terminal.stdout, 'data');
    terminal.kill('SIGKILL');
    await closed;
    // Not its exit code: Node itself may fail to leave a terminal that is gone.
    const isThere = () => existsSync(join(folder, 'lived'));
    await until(isThere, { what: 'the end of the unit' });
  });
});

test.skipIf(!existsSync('/dev/full'))('a result that a full disk can not take is an error of one line', async () => {
  const child = spawn('bash', ['-c', `'${process.execPath}' dist/app/cli/main.js --help > /dev/full`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let shown = '';
  child.stderr.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  expect(await ended(child)).toBe(1);
  expect(shown).toMatch(/^pepeunit: the result can't be written: ENOSPC[^\n]*\n$/);
});

test('a reader that stops reading costs no more than a bounded part, is told how much it missed, and reads on (L6)', async () => {
  const folder = await temporaryFolder();
  const pairs = 60_000;
  const child = spawn(process.execPath, [program.path, folder, String(pairs)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const code = ended(child);
  const [report] = (await once(child, 'message')) as [{ waiting: number[] }];
  // All of it would be 7 MB for each stream.
  for (const waiting of report.waiting) expect(waiting).toBeLessThan(512 * 1024);
  for (const waiting of report.waiting) expect(waiting).toBeGreaterThan(0);
  const shown = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => (shown[name] += text));
  await until(() => missed(shown.stdout).length + missed(shown.stderr).length === 2);
  child.send('go on');
  expect(await code).toBe(42);
  for (const text of [shown.stdout, shown.stderr]) {
    const lines = text.split('\n').filter((line) => line.includes(' line '));
    expect(lines.length + (missed(text)[0] ?? 0)).toBe(pairs);
    expect(missed(text)).toHaveLength(1);
  }
}, 60_000);

/** Bytes that a stream has yet to give; a pipe holds 64 KiB itself, and as much waits at its reader. */
const unread = async (stream: Readable | null): Promise<number> => {
  let bytes = 0;
  for await (const chunk of stream ?? []) bytes += (chunk as Buffer).length;
  return bytes;
};
const pipeBytes = 128 * 1024;

test('a huge line and many of emoji cost bytes, not characters, up to 1 MB for both streams (L6)', async () => {
  const child = spawn(process.execPath, [shouting.path], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const code = ended(child);
  await once(child, 'message');
  child.send('go on');
  const [stdout, stderr] = await Promise.all([unread(child.stdout), unread(child.stderr)]);
  for (const bytes of [stdout, stderr]) expect(bytes).toBeLessThan(512 * 1024 + pipeBytes);
  for (const bytes of [stdout, stderr]) expect(bytes).toBeGreaterThan(64 * 1024);
  expect(await code).toBe(0);
}, 60_000);

/** The most bytes of memory that a process has had; 0 where that can't be told. */
const mostMemory = async (pid = 0): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
};

test('pepeunit run and its unit live on though nobody reads the pipes of their output (L6)', async () => {
  const folder = await temporaryFolder();
  const lived = join(folder, 'lived');
  const main = join(folder, 'main.mjs');
  await writeFile(join(folder, 'env.json'), '{}');
  await writeFile(main, `await import('${pathToFileURL(program.path).href}'); process.exit(42);`);
  const child = spawn(process.execPath, [pepeunit, 'run', main, '--', folder, '50000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = ended(child);
  // Each is started again, since it ends with a code that tells of a failure, and would print 5 MB on each stream.
  for (let start = 0; start < 3; start += 1) {
    await until(() => existsSync(lived), { what: `the end of start ${start + 1}`, timeoutMs: 60_000 });
    await rm(lived);
  }
  expect(child.exitCode).toBe(null);
  expect(await mostMemory(child.pid)).toBeLessThan(150 * 1024 * 1024);
  child.kill('SIGTERM');
  await until(() => (child.exitCode ?? child.signalCode) !== null, {
    what: 'the end of pepeunit run',
    timeoutMs: 30_000,
  });
  const [stdout, stderr] = await Promise.all([unread(child.stdout), unread(child.stderr)]);
  // Three units and the supervisor.
  for (const bytes of [stdout, stderr]) expect(bytes).toBeLessThan(4 * 512 * 1024 + pipeBytes);
  await end;
}, 180_000);

test('pepeunit run starts a unit again though nobody reads its output any more (L6)', async () => {
  const folder = await temporaryFolder();
  const starts = join(folder, 'starts');
  const main = join(folder, 'main.mjs');
  await writeFile(join(folder, 'env.json'), '{}');
  await writeFile(
    main,
    `import { appendFileSync } from 'node:fs';
     process.stdout.on('error', () => {});
     console.log('here');
     appendFileSync('${starts}', 'x');
     process.exit(3);`,
  );
  const run = startCli(['run', main]);
  onTestFinished(() => void run.child.kill('SIGKILL'));
  await until(() => run.stderr().includes('started'));
  run.child.stdout?.destroy();
  run.child.stderr?.destroy();
  const count = () =>
    readFile(starts, 'utf8').then(
      ({ length }) => length,
      () => 0,
    );
  await until(async () => (await count()) >= 4, { what: 'four starts' });
  expect(run.child.exitCode).toBe(null);
  run.child.kill('SIGTERM');
  await run.ended;
}, 60_000);
