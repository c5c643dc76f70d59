import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostFs } from '../../../adapters/node/fs/file-system.ts';
import { compileProgram, type Compiled } from '../../support/compiled.ts';
import { createYard, type Yard } from '../../support/supervised-unit.ts';
import { isWhole, sampled } from './extent.ts';
import { hasItsData, judgeOf, verdictOn, type Judge } from './judge.ts';
import { createLane, type Base, type Lane } from './lane.ts';
import { counted, emptyTally, harmless, sum, type Tally, type Verdict } from './tally.ts';
import type { Task } from './update.ts';

const complaints: string[] = [];
const complain = (what: string, detail: unknown): void => {
  complaints.push(`${what}\n${detail instanceof Error ? detail.stack : JSON.stringify(detail, null, 1)}`);
};
const lanesAtATime = isWhole ? 3 : 2;
let yard: Yard;
let child: Compiled;
let lanes: readonly Lane[];

beforeAll(async () => {
  [yard, child] = await Promise.all([createYard(), compileProgram(new URL('child.ts', import.meta.url))]);
  const names = Array.from({ length: lanesAtATime }, (_, lane) => `lane-${lane}`);
  lanes = await Promise.all(names.map((name) => createLane(yard, child, name)));
});
afterAll(async () => {
  await yard.stop();
  await child.remove();
});

/** Tells the versions of a lane. */
const judgeOfLane = async (lane: Lane): Promise<Judge> => {
  const look = async (base: Base) => {
    await lane.reset(base);
    return lane.look();
  };
  return judgeOf(await look('old'), await look('trial'));
};

/** Starts the unit after a kill; what is there has to be one version as a whole, and to come online as that. */
const verdictOnline = async (judge: Judge, lane: Lane, what: string): Promise<Verdict> => {
  try {
    const { versions, snapshot } = await lane.goOnline();
    const version = judge.versionOf(snapshot);
    const isOne = versions.every((each) => each === version) && (await hasItsData(hostFs, lane.folder));
    if (version && isOne) return version;
    complain(what, { versions, snapshot });
    return 'mixed';
  } catch (thrown) {
    complain(what, thrown);
    return 'bricked';
  }
};

/** Kills a unit at each of these steps, some lanes at a time. */
const killAtEach = async (
  steps: readonly number[],
  run: (judge: Judge, lane: Lane, at: number) => Promise<Verdict>,
): Promise<Tally> => {
  const waiting = [...steps];
  const inLane = async (lane: Lane): Promise<Tally> => {
    const judge = await judgeOfLane(lane);
    let tally = emptyTally;
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
      tally = counted(tally, await run(judge, lane, at));
    return tally;
  };
  return sum(await Promise.all(lanes.map(inLane)));
};

const upTo = (count: number): number[] => Array.from({ length: count + 1 }, (_, at) => at + 1);

const timeout = isWhole ? 1_800_000 : 120_000;

/** What is run of a part of the matrix: all of it, or so much. */
const killsIn = async (task: Task, base: Base, size: number): Promise<{ steps: number; at: number[] }> => {
  const [lane] = lanes as [Lane];
  const { steps } = await lane.course(task, base);
  return { steps, at: sampled(upTo(steps), size) };
};

describe('SIGKILL', { timeout }, () => {
  test('at a step of an update: the unit comes online, old or new (U1, U2)', async ({ task }) => {
    const { steps, at } = await killsIn('update', 'old', 5);
    const tally = await killAtEach(at, async (judge, lane, step) => {
      await lane.reset('old');
      const { isKilled, printed } = await lane.kill('update', step);
      if (!isKilled && step < steps / 2) throw new Error(`not killed at step ${step}: ${printed}`);
      return verdictOnline(judge, lane, `killed at step ${step} of ${steps}`);
    });
    task.meta.tally = { ...tally, steps };
    expect(tally, complaints.splice(0).join('\n\n')).toMatchObject(harmless);
  });

  test.for<[Task, Base]>([
    ['recover', 'swapping'],
    ['recover', 'rollingBack'],
    ['rollBack', 'trial'],
    ['confirm', 'trial'],
  ])('at a step of %s while %s: the next start finds one version (U1)', async ([what, base], { task }) => {
    const { steps, at } = await killsIn(what, base, 3);
    const tally = await killAtEach(at, async (judge, lane, step) => {
      await lane.reset(base);
      await lane.kill(what, step);
      return verdictOn(judge, { fs: hostFs, folder: lane.folder, archive: lane.archive }, complain);
    });
    task.meta.tally = { ...tally, steps };
    expect(tally, complaints.splice(0).join('\n\n')).toMatchObject(harmless);
  });
});
