import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';
import { inChunks } from '../../support/tar.ts';
import { unitFolder as folder, verdictOn, type Case, type Complain } from './judge.ts';
import { powerDisk, type PowerDisk } from './power-disk.ts';
import { seeded } from '../../support/seeded.ts';
import { diskError, needsSpace, stepper, steppingFs, type Step } from './stepping-fs.ts';
import type { Verdict } from './tally.ts';
import { snapshotOf } from './tree.ts';
import { carryOut, type Task } from './update.ts';

/** What a run needs. */
export interface Bench {
  readonly unit: Case;
  readonly complain: Complain;
  /** What stands between the store and the disk. */
  readonly through?: (fs: FileSystem) => FileSystem;
}

/** Carries a task out with each step told, those of the network as well. */
const attempt = async (disk: PowerDisk, { unit, through }: Bench, task: Task, before: (step: Step) => void) => {
  const { step } = stepper(before);
  const archive = async function* () {
    for await (const chunk of inChunks(unit.archive, 300)) {
      await step('receive', 'a chunk');
      yield chunk;
    }
  };
  const fs = steppingFs(through?.(disk.fs) ?? disk.fs, step);
  return carryOut(task, { fs, folder, archive, scope: unit.scope, hasPackages: unit.hasPackages }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
};

/** A disk with the old version, or, for what ends a trial, with the new one on trial. */
const diskFor = async (bench: Bench, task: Task): Promise<PowerDisk> => {
  const disk = powerDisk();
  await bench.unit.prepare(disk.fs);
  if (task === 'rollBack' || task === 'confirm') await attempt(disk, bench, 'update', () => undefined);
  return disk;
};

/** The steps of a task without a fault. */
export const stepsOf = async (bench: Bench, task: Task): Promise<Step[]> => {
  const steps: Step[] = [];
  const thrown = await attempt(await diskFor(bench, task), bench, task, (step) => void steps.push(step));
  if (thrown) throw thrown;
  return steps;
};

const verdict = ({ fs }: PowerDisk, { unit, complain }: Bench, what: string): Promise<Verdict> =>
  verdictOn(
    unit,
    { fs, folder, archive: () => inChunks(unit.archive), scope: unit.scope, hasPackages: unit.hasPackages },
    (how, detail) => complain(`${what}: ${how}`, detail),
  );

/** An error of the disk: at one step, or from it on; a full disk has room again once something is removed. */
export interface DiskFault {
  readonly code: 'ENOSPC' | 'EIO';
  readonly lasts: boolean;
}

/** What the version is right after a failed update, and how it was told: the old one, by an error with advice. */
const checkFailure = async ({ unit, complain }: Bench, disk: PowerDisk, thrown: unknown, what: string) => {
  const isTold = thrown instanceof Error && thrown.name === 'FirmwareError' && /\. /.test(thrown.message);
  const version = unit.versionOf(await snapshotOf(disk.fs, folder));
  if (isTold && version === 'old') return true;
  complain(`${what}: right after it ${version ?? 'a mix'}`, thrown);
  return false;
};

/** Makes a step of a task fail. @returns What is there after the next start. */
export const runWithError = async (
  bench: Bench,
  task: Task,
  at: number,
  { code, lasts }: DiskFault,
): Promise<Verdict> => {
  const disk = await diskFor(bench, task);
  let isOver = false;
  const thrown = await attempt(disk, bench, task, ({ n, verb }) => {
    isOver ||= code === 'ENOSPC' && n > at && verb === 'unlink';
    const isHit = n === at || (lasts && n > at && !isOver);
    if (isHit && (code === 'EIO' || needsSpace(verb))) throw diskError(code, verb);
  });
  const what = `${task}, ${code} ${lasts ? 'from' : 'at'} step ${at}`;
  // A disk of which nothing can be read any more lets nobody put the old version back before the next start.
  const isJudged = task === 'update' && thrown && !(code === 'EIO' && lasts);
  if (isJudged && !(await checkFailure(bench, disk, thrown, what))) return 'mixed';
  return verdict(disk, bench, what);
};

const cut = new Error('nothing is done any more');

const cutAt = (disk: PowerDisk, bench: Bench, task: Task, at: number): Promise<unknown> =>
  attempt(disk, bench, task, ({ n }) => {
    if (n >= at) throw cut;
  });

/** Cuts the power at a step of a task and, in half of the runs, at one of the start after it. */
export const runWithPowerCut = async (bench: Bench, task: Task, at: number, seed: number): Promise<Verdict> => {
  const random = seeded(seed);
  let disk = await diskFor(bench, task);
  await cutAt(disk, bench, task, at);
  disk = disk.crash(random);
  if (random() < 0.5) {
    await cutAt(disk, bench, 'recover', 1 + Math.floor(random() * 150));
    disk = disk.crash(random);
  }
  return verdict(disk, bench, `${task}, power cut at step ${at}, seed ${seed}`);
};

/** Kills a task at a step, and the start after it at one of its own; nothing is lost but the process. */
export const runWithKills = async (bench: Bench, task: Task, at: number, again: number): Promise<Verdict> => {
  const disk = await diskFor(bench, task);
  await cutAt(disk, bench, task, at);
  await cutAt(disk, bench, 'recover', again);
  return verdict(disk, bench, `${task}, killed at step ${at}, the next start at step ${again}`);
};
