import { FirmwareError } from '../../../services/errors.ts';
import {
  outcomeTold,
  swapBegun,
  swapGivenUp,
  type FirmwareJournal,
  type SwapOrder,
} from '../../../services/firmware-journal.ts';
import { finishSwap, giveUpSwap } from './carry-on.ts';
import type { FirmwareParts } from './context.ts';
import { readPlan, writePlan } from './plan-file.ts';
import { planSwap, type Manifest } from './plan.ts';
import { removeAll } from './steps.ts';
import { saveVersion } from './install.ts';
import { readTree } from './tree.ts';

/** What no update touches, given what the new version holds. */
export type KeptPaths = (brought: Iterable<string>) => (path: string) => boolean;

/** What the running version consists of; nothing when that can't be read any more, so that nothing is taken for it. */
const manifestOf = async (
  { fs, places }: FirmwareParts,
  { running }: FirmwareJournal,
): Promise<Manifest | undefined> => {
  if (running === undefined) return undefined;
  const plan = await readPlan(fs, places.plan(running)).catch(() => undefined);
  return plan ? plan.manifest : { files: [], folders: [] };
};

/** Prepares a swap as far as nothing changes for the running version. */
const prepare = async (
  parts: FirmwareParts,
  id: string,
  scope: SwapOrder['scope'],
  now: FirmwareJournal,
  keptPaths: KeptPaths,
): Promise<void> => {
  const { fs, places } = parts;
  const staged = await readTree(fs, places.staging(id));
  const isKept = keptPaths(staged.keys());
  const live = await readTree(fs, places.folder, isKept);
  const manifest = await manifestOf(parts, now);
  const { dev } = await fs.lstat(places.own);
  const plan = planSwap({ scope, live, staged, manifest, isKept, dev });
  await saveVersion(fs, places, id, plan, live);
  await writePlan(fs, places.plan(id), plan);
};

/** Takes back a swap that failed; whoever waits for it is told, so that there is nothing to tell later. */
const takeBack = async (parts: FirmwareParts, begun: FirmwareJournal, cause: unknown): Promise<void> => {
  const settled = await giveUpSwap(parts, begun, cause);
  await parts.sweep(await parts.journal.advance(settled, outcomeTold(settled)));
};

/** Leaves the running version as it is: what was prepared is removed. */
const forgetPrepared = async ({ fs, places }: FirmwareParts, id: string): Promise<void> => {
  for (const path of [places.undo(id), places.plan(id), places.previous(id)]) await removeAll(fs, path);
};

const carryOut = async (parts: FirmwareParts, now: FirmwareJournal, begun: FirmwareJournal): Promise<void> => {
  const settled = await parts.journal.advance(now, begun).then(() => finishSwap(parts, begun));
  // What is stale and can't be removed now is removed at the next start.
  await parts.sweep(settled).catch(() => undefined);
};

/**
 * Puts a staged version in place of the running one.
 *
 * @throws {FirmwareError} `busy`, `io`, `space`; the running version is in place then, at the latest at the next start.
 */
export const swapVersion = async (
  parts: FirmwareParts,
  id: string,
  order: SwapOrder,
  keptPaths: KeptPaths,
): Promise<void> => {
  const { journal, staged } = parts;
  if (!staged.has(id)) {
    throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
  }
  const now = await journal.read();
  const begun = swapBegun(now, id, order);
  // What went wrong first is what matters; what can't be taken back now is at the next start.
  try {
    await prepare(parts, id, order.scope, now, keptPaths);
    await journal.prepareUndo(id, swapGivenUp(begun, 'The update was interrupted.'));
  } catch (cause) {
    await forgetPrepared(parts, id).catch(() => undefined);
    throw cause;
  }
  staged.delete(id);
  try {
    await carryOut(parts, now, begun);
  } catch (cause) {
    await takeBack(parts, begun, cause).catch(() => undefined);
    throw cause;
  }
};
