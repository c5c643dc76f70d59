import { FirmwareError, failureOf } from '../../../services/errors.ts';
import type { FirmwareFlight, FirmwareJournal } from '../../../services/firmware-journal.ts';
import {
  filesKept,
  outcomeTold,
  rollBackDone,
  swapBegun,
  swapDone,
  swapGivenUp,
  type SwapOrder,
} from '../../../services/firmware-transitions.ts';
import { ioError } from '../fs/errors.ts';
import type { FirmwareContext } from './context.ts';
import { putInPlace, saveVersion } from './install.ts';
import { keepForeignFiles } from './kept-files.ts';
import { keptFolder } from './layout.ts';
import { removeAll } from './operations.ts';
import { planPackages } from './packages.ts';
import { foreignFiles, noManifest, planSwap, readPlan, writePlan, type Manifest } from './plan.ts';
import { restoreVersion } from './rollback.ts';
import { readTree } from './tree.ts';

const flightIn = ({ flight }: FirmwareJournal): FirmwareFlight => {
  if (!flight) throw new FirmwareError('journal', 'The update journal names no update.');
  return flight;
};

/** Restores the previous version; the journal must be in phase `rollingBack`. @returns The settled journal. */
export const finishRollBack = async (context: FirmwareContext, now: FirmwareJournal): Promise<FirmwareJournal> => {
  const { fs, layout, journal } = context;
  const { id, to } = flightIn(now);
  await restoreVersion(fs, layout, { id, version: to }, await readPlan(fs, layout.plan(id)));
  return journal.advance(now, rollBackDone(now));
};

/** Finishes a swap; the journal must be in phase `swapping`. @returns The journal of the trial, or a settled one. */
const finishSwap = async ({ fs, layout, journal }: FirmwareContext, now: FirmwareJournal) => {
  const flight = flightIn(now);
  const kept = await putInPlace(fs, layout, flight, await readPlan(fs, layout.plan(flight.id)));
  return journal.advance(now, swapDone(filesKept(now, keptFolder(flight.to), kept)));
};

/** Restores the old version when a swap can't be finished. @returns The settled journal. */
const giveUpSwap = async (context: FirmwareContext, now: FirmwareJournal, cause: unknown): Promise<FirmwareJournal> => {
  const { message } = failureOf(ioError('The new version could not be put in place', cause));
  await context.journal.takeUndo(flightIn(now).id);
  return finishRollBack(context, swapGivenUp(now, message));
};

/** Resumes an update from the phase in its journal; restores the old version if the disk prevents the swap. */
export const resume = async (context: FirmwareContext, now: FirmwareJournal): Promise<FirmwareJournal> => {
  if (now.phase === 'rollingBack') return finishRollBack(context, now);
  if (now.phase !== 'swapping') return now;
  return finishSwap(context, now).catch((cause: unknown) => giveUpSwap(context, now, cause));
};

/** Whether a path is one that updates never touch. */
export type IsKept = (path: string) => boolean;

/**
 * What updates have brought of the running version; nothing if its plan is missing or damaged, so that nothing is removed.
 *
 * @throws The file system's own error: a disk that fails to read the plan must not leave files of the old version behind.
 */
const manifestOf = async ({ fs, layout }: FirmwareContext, { running }: FirmwareJournal): Promise<Manifest> => {
  if (running === undefined) return noManifest;
  const plan = await readPlan(fs, layout.plan(running)).catch((thrown: unknown) => {
    if (thrown instanceof FirmwareError) return undefined;
    throw thrown;
  });
  return plan?.manifest ?? noManifest;
};

/** Prepares a swap without changing the running version. @returns The files that no update brought, now kept for good. */
const prepare = async (
  context: FirmwareContext,
  id: string,
  { scope, to }: SwapOrder,
  now: FirmwareJournal,
  isKept: IsKept,
): Promise<readonly string[]> => {
  const { fs, layout } = context;
  const staged = await readTree(fs, layout.staging(id), isKept);
  const live = await readTree(fs, layout.folder, isKept);
  const manifest = await manifestOf(context, now);
  const { dev } = await fs.lstat(layout.own);
  const files = planSwap({ scope, live, staged, manifest, isKept, dev });
  const packages = await planPackages(fs, layout, id, dev);
  const plan = { ...files, ...packages, create: [...files.create, ...packages.create] };
  const kept = await keepForeignFiles(fs, layout, id, to, foreignFiles(plan, manifest));
  await saveVersion(fs, layout, id, plan, live);
  await writePlan(fs, layout.plan(id), plan);
  return kept;
};

/** Undoes a failed swap. The caller gets the error, so no outcome remains to report. */
const takeBack = async (context: FirmwareContext, begun: FirmwareJournal, cause: unknown): Promise<void> => {
  const settled = await giveUpSwap(context, begun, cause);
  await context.sweep(await context.journal.advance(settled, outcomeTold(settled)));
};

/** Removes the preparation and leaves the running version as it is. */
const forgetPrepared = async ({ fs, layout }: FirmwareContext, id: string): Promise<void> => {
  for (const path of [layout.undo(id), layout.plan(id), layout.previous(id)]) await removeAll(fs, path);
};

const carryOutSwap = async (context: FirmwareContext, now: FirmwareJournal, begun: FirmwareJournal): Promise<void> => {
  const settled = await context.journal.advance(now, begun).then(() => finishSwap(context, begun));
  // The next start retries the removal.
  await context.sweep(settled).catch(() => undefined);
};

/**
 * Replaces the running version by a staged one.
 *
 * @throws {FirmwareError} `busy`, `io`, `space`; the running version is then in place, at the latest after the next
 *   start.
 */
export const swapVersion = async (
  context: FirmwareContext,
  id: string,
  order: SwapOrder,
  isKept: IsKept,
): Promise<void> => {
  const { journal, staged } = context;
  if (!staged.has(id)) {
    throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
  }
  const now = await journal.read();
  let begun = swapBegun(now, id, order);
  // The first failure is the one to report; the next start undoes the rest.
  try {
    begun = filesKept(begun, keptFolder(order.to), await prepare(context, id, order, now, isKept));
    await journal.prepareUndo(id, swapGivenUp(begun, 'The update was interrupted.'));
  } catch (cause) {
    await forgetPrepared(context, id).catch(() => undefined);
    throw cause;
  }
  staged.delete(id);
  try {
    await carryOutSwap(context, now, begun);
  } catch (cause) {
    await takeBack(context, begun, cause).catch(() => undefined);
    throw cause;
  }
};
