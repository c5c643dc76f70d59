import { FirmwareError, failureOf } from '../../../services/errors.ts';
import type { FirmwareFlight, FirmwareJournal } from '../../../services/firmware-journal.ts';
import {
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
import { removeAll } from './operations.ts';
import { planSwap, readPlan, writePlan, type Manifest } from './plan.ts';
import { restoreVersion } from './rollback.ts';
import { readTree } from './tree.ts';

const flightIn = ({ flight }: FirmwareJournal): FirmwareFlight => {
  if (!flight) throw new FirmwareError('journal', 'The update journal names no update.');
  return flight;
};

/** Restores the previous version; the journal must be in phase `rollingBack`. @returns The settled journal. */
export const finishRollBack = async (context: FirmwareContext, now: FirmwareJournal): Promise<FirmwareJournal> => {
  const { fs, layout, journal } = context;
  const { id } = flightIn(now);
  await restoreVersion(fs, layout, id, await readPlan(fs, layout.plan(id)));
  return journal.advance(now, rollBackDone(now));
};

/** Finishes a swap; the journal must be in phase `swapping`. @returns The journal of the trial, or a settled one. */
const finishSwap = async ({ fs, layout, journal }: FirmwareContext, now: FirmwareJournal) => {
  const { id } = flightIn(now);
  await putInPlace(fs, layout, id, await readPlan(fs, layout.plan(id)));
  return journal.advance(now, swapDone(now));
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

/** Creates, from the paths of the new version, the predicate of paths that updates never touch. */
export type KeptPaths = (brought: Iterable<string>) => (path: string) => boolean;

/** Manifest of the running version; empty if its plan is unreadable, so that nothing else is removed. */
const manifestOf = async (
  { fs, layout }: FirmwareContext,
  { running }: FirmwareJournal,
): Promise<Manifest | undefined> => {
  if (running === undefined) return undefined;
  const plan = await readPlan(fs, layout.plan(running)).catch(() => undefined);
  return plan ? plan.manifest : { files: [], folders: [] };
};

/** Prepares a swap without changing the running version. */
const prepare = async (
  context: FirmwareContext,
  id: string,
  scope: SwapOrder['scope'],
  now: FirmwareJournal,
  keptPaths: KeptPaths,
): Promise<void> => {
  const { fs, layout } = context;
  const staged = await readTree(fs, layout.staging(id));
  const isKept = keptPaths(staged.keys());
  const live = await readTree(fs, layout.folder, isKept);
  const manifest = await manifestOf(context, now);
  const { dev } = await fs.lstat(layout.own);
  const plan = planSwap({ scope, live, staged, manifest, isKept, dev });
  await saveVersion(fs, layout, id, plan, live);
  await writePlan(fs, layout.plan(id), plan);
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
  keptPaths: KeptPaths,
): Promise<void> => {
  const { journal, staged } = context;
  if (!staged.has(id)) {
    throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
  }
  const now = await journal.read();
  const begun = swapBegun(now, id, order);
  // The first failure is the one to report; the next start undoes the rest.
  try {
    await prepare(context, id, order.scope, now, keptPaths);
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
