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
import { FirmwareContext, type FolderFirmwareOptions } from './context.ts';
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

/** Counts starts; without disk space for the count, this process keeps it in memory. */
class StartCounter {
  readonly #journal: JournalFile;
  #unwritten = { id: '', starts: 0 };
  #endedWait = '';

  constructor(journal: JournalFile) {
    this.#journal = journal;
  }

  async count(terms?: Partial<TrialTerms>): Promise<FirmwareStatus> {
    const now = await this.#journal.read();
    const id = now.flight?.id ?? '';
    const starts = this.#unwritten.id === id ? this.#unwritten.starts + 1 : 1;
    let counted = this.#endedWait === id ? waitEnded(now) : now;
    for (let start = 0; start < starts; start += 1) counted = startCounted(counted, terms);
    try {
      await this.#journal.advance(now, counted);
      this.#unwritten = { id: '', starts: 0 };
      return statusOf(counted);
    } catch (cause) {
      this.#unwritten = { id, starts };
      return { ...statusOf(counted), problem: failureOf(ioError('The start could not be counted on disk', cause)) };
    }
  }

  async endWait(): Promise<void> {
    const now = await this.#journal.read();
    this.#endedWait = now.flight?.id ?? '';
    await this.#journal.advance(now, waitEnded(now));
    this.#endedWait = '';
  }
}

/** The operations of a firmware store that need neither archives nor a network. */
export class FolderFirmwareTrials implements FirmwareTrials {
  protected readonly context: FirmwareContext;
  readonly #counter: StartCounter;

  constructor(options: FolderFirmwareOptions) {
    this.context = new FirmwareContext(options);
    this.#counter = new StartCounter(this.context.journal);
  }

  recover(): Promise<FirmwareStatus> {
    return this.context.inTurn('The update could not be resumed', async () => {
      const { now, problem } = await recover(this.context);
      await this.#tidy(now);
      return { ...statusOf(now), ...(problem && { problem }) };
    });
  }

  status(): Promise<FirmwareStatus> {
    const { journal } = this.context;
    return this.context.inTurn('The update journal could not be read', async () => statusOf(await journal.read()));
  }

  countStart(terms?: Partial<TrialTerms>): Promise<FirmwareStatus> {
    return this.context.inTurn('The start could not be counted', () => this.#counter.count(terms));
  }

  async noteWait(waitedMs: number): Promise<void> {
    await this.#advance('The wait could not be noted', (now) => waitNoted(now, waitedMs));
  }

  endWait(): Promise<void> {
    return this.context.inTurn('The end of the wait could not be noted', () => this.#counter.endWait());
  }

  async noteFailure(failure: TrialFailure): Promise<void> {
    await this.#advance('The failure could not be noted', (now) => startFailed(now, failure));
  }

  async confirm(): Promise<void> {
    await this.#tidy(await this.#advance('The update could not be confirmed', trialConfirmed));
  }

  rollBack(failure: TrialFailure): Promise<void> {
    const { journal } = this.context;
    return this.context.inTurn('The update could not be rolled back', async () => {
      const now = await journal.read();
      const begun = rollBackBegun(now, failure, this.context.now());
      if (begun.phase !== 'rollingBack' || !begun.flight) return;
      const { id } = begun.flight;
      // A full disk has room only for the journal written ahead.
      await journal.advance(now, begun).catch(() => journal.takeUndo(id));
      await this.#tidy(await finishRollBack(this.context, begun));
    });
  }

  async forgetOutcome(): Promise<void> {
    await this.#advance('The outcome could not be forgotten', outcomeTold);
  }

  #advance(what: string, step: (now: FirmwareJournal) => FirmwareJournal): Promise<FirmwareJournal> {
    const { journal } = this.context;
    return this.context.inTurn(what, async () => {
      const now = await journal.read();
      return journal.advance(now, step(now));
    });
  }

  /** Removes stale files; after a failure the next start retries. */
  #tidy(now: FirmwareJournal): Promise<void> {
    return this.context.sweep(now).catch(() => undefined);
  }
}

/**
 * Resumes and ends updates in a unit's folder, for the process that starts the unit. Needs the file system alone.
 *
 * @example
 * const trials = folderFirmwareTrials({ folder: '/srv/unit' });
 * await trials.recover();
 */
export const folderFirmwareTrials = (options: FolderFirmwareOptions): FirmwareTrials =>
  new FolderFirmwareTrials(options);
