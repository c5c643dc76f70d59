import { FirmwareError, failureOf, type Failure } from '../../../services/errors.ts';
import {
  firstJournal,
  type FirmwareJournal,
  type TrialFailure,
  type TrialTerms,
} from '../../../services/firmware-journal.ts';
import { outcomeTold, statusOf, type FirmwareStatus } from '../../../services/firmware-transitions.ts';
import {
  rollBackBegun,
  startCounted,
  startFailed,
  trialConfirmed,
  waitEnded,
  waitNoted,
} from '../../../services/firmware-trial.ts';
import type { FirmwareTrials } from '../../../services/firmware.ts';
import { ioError } from '../fs/errors.ts';
import type { JournalFile } from './journal-file.ts';
import { createFirmwareContext, type FirmwareContext, type FolderFirmwareOptions } from './context.ts';
import { finishRollBack, resume } from './swap.ts';

const isDamage = (cause: unknown): boolean => cause instanceof FirmwareError && cause.code === 'journal';

/** Replaces a damaged journal by the prepared rollback, if an update was in progress, else by a new unit's journal. */
const replaceDamaged = async (context: FirmwareContext): Promise<FirmwareJournal> => {
  const { journal } = context;
  const undo = await journal.findUndo();
  await journal.setAside();
  if (!undo?.flight) return firstJournal;
  await journal.takeUndo(undo.flight.id);
  try {
    return await resume(context, undo);
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    await journal.setAside();
    return firstJournal;
  }
};

const recover = async (context: FirmwareContext): Promise<{ now: FirmwareJournal; problem?: Failure }> => {
  try {
    return { now: await resume(context, await context.journal.read()) };
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return { now: await replaceDamaged(context), problem: failureOf(cause) };
  }
};

/** Removes stale files; after a failure the next start retries. */
const tidy = ({ sweep }: FirmwareContext, now: FirmwareJournal): Promise<void> => sweep(now).catch(() => undefined);

/** Counts starts; without disk space for the count, this process keeps it in memory. */
const createStartCounter = () => {
  let unwritten = { id: '', starts: 0 };
  let endedWait = '';
  const count = async (journal: JournalFile, terms?: Partial<TrialTerms>): Promise<FirmwareStatus> => {
    const now = await journal.read();
    const id = now.flight?.id ?? '';
    const starts = unwritten.id === id ? unwritten.starts + 1 : 1;
    let counted = endedWait === id ? waitEnded(now) : now;
    for (let start = 0; start < starts; start += 1) counted = startCounted(counted, terms);
    try {
      await journal.advance(now, counted);
      unwritten = { id: '', starts: 0 };
      return statusOf(counted);
    } catch (cause) {
      unwritten = { id, starts };
      return { ...statusOf(counted), problem: failureOf(ioError('The start could not be counted on disk', cause)) };
    }
  };
  const endWait = async (journal: JournalFile): Promise<void> => {
    const now = await journal.read();
    endedWait = now.flight?.id ?? '';
    await journal.advance(now, waitEnded(now));
    endedWait = '';
  };
  return { count, endWait };
};

/** The operations of a firmware store that need neither archives nor a network. */
export const trialsOf = (context: FirmwareContext): FirmwareTrials => {
  const { journal, inTurn, now: epochMs } = context;
  const counter = createStartCounter();
  const advance = (what: string, step: (now: FirmwareJournal) => FirmwareJournal) =>
    inTurn(what, async () => {
      const now = await journal.read();
      return journal.advance(now, step(now));
    });
  return {
    recover: () =>
      inTurn('The update could not be resumed', async () => {
        const { now, problem } = await recover(context);
        await tidy(context, now);
        return { ...statusOf(now), ...(problem && { problem }) };
      }),
    status: () => inTurn('The update journal could not be read', async () => statusOf(await journal.read())),
    countStart: (terms) => inTurn('The start could not be counted', () => counter.count(journal, terms)),
    noteWait: async (waitedMs) =>
      void (await advance('The wait could not be noted', (now) => waitNoted(now, waitedMs))),
    endWait: () => inTurn('The end of the wait could not be noted', () => counter.endWait(journal)),
    noteFailure: async (failure: TrialFailure) =>
      void (await advance('The failure could not be noted', (now) => startFailed(now, failure))),
    confirm: async () => {
      await tidy(context, await advance('The update could not be confirmed', trialConfirmed));
    },
    rollBack: (failure) =>
      inTurn('The update could not be rolled back', async () => {
        const now = await journal.read();
        const begun = rollBackBegun(now, failure, epochMs());
        if (begun.phase !== 'rollingBack' || !begun.flight) return;
        const { id } = begun.flight;
        // A full disk has room only for the journal written ahead.
        await journal.advance(now, begun).catch(() => journal.takeUndo(id));
        await tidy(context, await finishRollBack(context, begun));
      }),
    forgetOutcome: async () => void (await advance('The outcome could not be forgotten', outcomeTold)),
  };
};

/**
 * Resumes and ends updates in a unit's folder, for the process that starts the unit. Needs the file system alone.
 *
 * @example
 * const trials = folderFirmwareTrials({ folder: '/srv/unit' });
 * await trials.recover();
 */
export const folderFirmwareTrials = (options: FolderFirmwareOptions): FirmwareTrials =>
  trialsOf(createFirmwareContext(options));
