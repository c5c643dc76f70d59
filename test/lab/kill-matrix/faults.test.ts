import { beforeAll, describe, expect, test, type TestContext } from 'vitest';
import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';
import { seeded } from '../../support/seeded.ts';
import { envBench, envStepped, envVerdict } from './env.ts';
import { isWhole, sampled } from './extent.ts';
import { runWithError, runWithKills, runWithPowerCut, stepsOf, type Bench, type DiskFault } from './in-memory.ts';
import { caseOf, type Situation } from './judge.ts';
import { diskError, needsSpace, type Step } from './stepping-fs.ts';
import { emptyTally, harmless, sum, tallyOf, type Tally } from './tally.ts';
import type { Task } from './update.ts';

const tasks = ['update', 'rollBack', 'confirm'] as const satisfies Task[];
const complaints: string[] = [];
const steps: Partial<Record<Task, number>> = {};
let bench: Bench;

const complain = (what: string, detail: unknown): void => {
  complaints.push(`${what}\n${detail instanceof Error ? detail.stack : JSON.stringify(detail, null, 1)}`);
};

beforeAll(async () => {
  bench = { unit: await caseOf({ updatesBefore: 0, scope: 'everything' }), complain };
  for (const task of tasks) steps[task] = (await stepsOf(bench, task)).length;
});

/** The numbers of a task's steps, and one beyond. */
const stepNumbers = (task: Task): number[] => Array.from({ length: (steps[task] ?? 0) + 1 }, (_, at) => at + 1);

const expectHarmless = ({ task }: TestContext, tally: Tally): void => {
  task.meta.tally = tally;
  expect(tally, complaints.splice(0).slice(0, 3).join('\n\n')).toMatchObject(harmless);
};

/** A file system that does not do what it is asked to when something is to be synced. */
const forgetful =
  (isForgotten: (path: string) => boolean) =>
  (fs: FileSystem): FileSystem => ({
    ...fs,
    open: async (path, flags, mode) => {
      const handle = await fs.open(path, flags, mode);
      return isForgotten(path) ? { ...handle, sync: async () => undefined } : handle;
    },
  });

const timeout = isWhole ? 900_000 : 60_000;

test.for(tasks)('%s takes steps that can be counted', (task, context) => {
  const count = steps[task] ?? 0;
  context.task.meta.tally = { ...emptyTally, steps: count };
  expect(count).toBeGreaterThan(10);
});

describe.each(tasks)('%s', { timeout }, (task) => {
  const faults: readonly DiskFault[] = [
    { code: 'ENOSPC', lasts: false },
    { code: 'ENOSPC', lasts: true },
    { code: 'EIO', lasts: false },
    { code: 'EIO', lasts: true },
  ];
  for (const fault of faults) {
    test(`${fault.code} ${fault.lasts ? 'from a step on' : 'at a step'} (U17)`, async (context) => {
      const runs = sampled(stepNumbers(task), 16);
      expectHarmless(context, await tallyOf(runs, (at) => runWithError(bench, task, at, fault)));
    });
  }

  test('the power is cut: what was not fsynced is lost or torn (U1, U4)', async (context) => {
    const seeds = Array.from({ length: isWhole ? 12 : 1 }, (_, seed) => seed);
    const runs = sampled(stepNumbers(task), 60).flatMap((at) => seeds.map((seed) => ({ at, seed: at * 1_000 + seed })));
    expectHarmless(context, await tallyOf(runs, ({ at, seed }) => runWithPowerCut(bench, task, at, seed)));
  });

  test('killed, and killed again while the next start carries on (U1)', async (context) => {
    const first = stepNumbers(task).filter((at) => at % 8 === 0);
    const runs = first.flatMap((at) => Array.from({ length: 140 }, (_, again) => ({ at, again: again + 1 })));
    expectHarmless(context, await tallyOf(sampled(runs, 60), ({ at, again }) => runWithKills(bench, task, at, again)));
  });
});

describe('an update of another kind', { timeout }, () => {
  test.for<[string, Situation]>([
    ['after another one', { updatesBefore: 1, scope: 'everything' }],
    ['the third, between files of the user (U18)', { updatesBefore: 2, scope: 'everything' }],
    ['of a compiled program', { updatesBefore: 0, scope: 'compiled' }],
    ['with packages of npm (U18)', { updatesBefore: 1, scope: 'everything', hasPackages: true }],
    ['of env.json and schema.json alone', { updatesBefore: 1, scope: 'envAndSchema' }],
  ])('%s (U1, U2, U17)', async ([, situation], context) => {
    const other: Bench = { unit: await caseOf(situation), complain };
    const count = (await stepsOf(other, 'update')).length;
    const each = sampled(
      Array.from({ length: count + 1 }, (_, at) => at + 1),
      24,
    );
    const tallies = [
      await tallyOf(each, (at) => runWithError(other, 'update', at, { code: 'EIO', lasts: false })),
      await tallyOf(each, (at) => runWithError(other, 'update', at, { code: 'ENOSPC', lasts: true })),
      await tallyOf(each, (at) => runWithKills(other, 'update', at, 1 + ((at * 7) % 120))),
      await tallyOf(each, (at) => runWithPowerCut(other, 'update', at, at)),
      await tallyOf(each, (at) => runWithPowerCut(other, 'update', at, at + 10_000)),
    ];
    expectHarmless(context, { ...sum(tallies), steps: count });
  });
});

test('a version with packages of npm is rolled back (U1, U18)', { timeout }, async (context) => {
  const other: Bench = { unit: await caseOf({ updatesBefore: 1, scope: 'everything', hasPackages: true }), complain };
  const count = (await stepsOf(other, 'rollBack')).length;
  const each = sampled(
    Array.from({ length: count + 1 }, (_, at) => at + 1),
    24,
  );
  const tallies = [
    await tallyOf(each, (at) => runWithError(other, 'rollBack', at, { code: 'EIO', lasts: false })),
    await tallyOf(each, (at) => runWithError(other, 'rollBack', at, { code: 'ENOSPC', lasts: true })),
    await tallyOf(each, (at) => runWithKills(other, 'rollBack', at, 1 + ((at * 7) % 120))),
    await tallyOf(each, (at) => runWithPowerCut(other, 'rollBack', at, at)),
  ];
  expectHarmless(context, { ...sum(tallies), steps: count });
});

test.for<[string, Situation]>([
  ['the first one', { updatesBefore: 0, scope: 'everything' }],
  ['a later one', { updatesBefore: 1, scope: 'everything' }],
  ['a compiled program', { updatesBefore: 0, scope: 'compiled' }],
])('an env comes during the trial of a version, %s (U1, U2)', { timeout }, async ([, situation], context) => {
  const env = await envBench(await caseOf(situation), complain);
  const each: Step[] = [];
  await envStepped(env, (step) => void each.push(step));
  const kinds = ['killed', 'EIO', 'ENOSPC', 'power cut'] as const;
  const runs = each.flatMap((step) => kinds.map((kind) => ({ ...step, kind })));
  const tally = await tallyOf(runs, async ({ n: at, kind }) => {
    const disk = await envStepped(env, ({ n, verb }) => {
      const isHit = kind === 'killed' || kind === 'power cut' ? n >= at : n === at;
      if (isHit && (kind !== 'ENOSPC' || needsSpace(verb))) throw diskError(kind, verb);
    });
    const left = kind === 'power cut' ? disk.crash(seeded(at)) : disk;
    return envVerdict(env, left, `env, ${kind} at step ${at}`);
  });
  expect(each.length).toBeGreaterThan(10);
  expectHarmless(context, { ...tally, steps: each.length });
});

describe('the matrix notices', { timeout }, () => {
  test.each([
    ['folders', (path: string) => !/\.(tmp|js|json)$/.test(path)],
    ['files', (path: string) => /\.(js|json)$/.test(path)],
    ['the journal', (path: string) => path.endsWith('.tmp')],
  ])('a store that does not fsync %s', async (_, isForgotten) => {
    const careless: Bench = { unit: bench.unit, complain: () => undefined, through: forgetful(isForgotten) };
    const runs = stepNumbers('update').filter((at) => at > 100 && at % 2 === 0);
    const { mixed, bricked } = await tallyOf(runs, (at) => runWithPowerCut(careless, 'update', at, at));
    expect(mixed + bricked).toBeGreaterThan(0);
  });
});
