import { FirmwareError, failureOf } from '../../../services/errors.ts';
import {
  rollBackDone,
  swapDone,
  swapGivenUp,
  type FirmwareFlight,
  type FirmwareJournal,
} from '../../../services/firmware-journal.ts';
import { ioError } from '../fs/errors.ts';
import type { FirmwareParts } from './context.ts';
import { readPlan } from './plan-file.ts';
import { restoreVersion } from './rollback.ts';
import { putInPlace } from './install.ts';

const flightIn = ({ flight }: FirmwareJournal): FirmwareFlight => {
  if (!flight) throw new FirmwareError('journal', 'The update journal names no update.');
  return flight;
};

/** Restores the previous version under a journal that says so. @returns The settled journal. */
export const finishRollBack = async (parts: FirmwareParts, now: FirmwareJournal): Promise<FirmwareJournal> => {
  const { fs, places, journal } = parts;
  const { id } = flightIn(now);
  await restoreVersion(fs, places, id, await readPlan(fs, places.plan(id)));
  return journal.advance(now, rollBackDone(now));
};

/** Finishes a swap under a journal that says so. @returns The journal of the trial, or a settled one. */
export const finishSwap = async ({ fs, places, journal }: FirmwareParts, now: FirmwareJournal) => {
  const { id } = flightIn(now);
  await putInPlace(fs, places, id, await readPlan(fs, places.plan(id)));
  return journal.advance(now, swapDone(now));
};

/** Leads a swap that can't be finished back to the old version. @returns The settled journal. */
export const giveUpSwap = async (
  parts: FirmwareParts,
  now: FirmwareJournal,
  cause: unknown,
): Promise<FirmwareJournal> => {
  const { message } = failureOf(ioError('The new version could not be put in place', cause));
  await parts.journal.takeUndo(flightIn(now).id);
  return finishRollBack(parts, swapGivenUp(now, message));
};

/** Finishes what the journal says was under way; a swap that the disk does not let through is taken back. */
export const carryOn = async (parts: FirmwareParts, now: FirmwareJournal): Promise<FirmwareJournal> => {
  if (now.phase === 'rollingBack') return finishRollBack(parts, now);
  if (now.phase !== 'swapping') return now;
  return finishSwap(parts, now).catch((cause: unknown) => giveUpSwap(parts, now, cause));
};
