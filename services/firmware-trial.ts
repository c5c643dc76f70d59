import type { FirmwareFlight, FirmwareJournal, TrialFailure, TrialTerms } from './firmware-journal.ts';
import { clipped, without } from './firmware-transitions.ts';

/** A time as the journal holds it. */
const wholeMs = (ms: number): number => Math.max(0, Math.round(ms));

const inTrial = (journal: FirmwareJournal, change: (flight: FirmwareFlight) => FirmwareFlight): FirmwareJournal =>
  journal.phase === 'trial' && journal.flight ? { ...journal, flight: change(journal.flight) } : journal;

/**
 * Counts one more start, during a trial only. While the trial waits, a start does not count.
 *
 * @param terms Replace those of the update.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, startCounted, swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const starts = startCounted(trial).flight?.starts; // 1
 */
export const startCounted = (journal: FirmwareJournal, terms: Partial<TrialTerms> = {}): FirmwareJournal =>
  inTrial(journal, (flight) => ({ ...flight, ...terms, starts: flight.isWaiting ? flight.starts : flight.starts + 1 }));

/**
 * Lets a trial wait, because no broker can be reached: the running start does not count any more.
 *
 * @param waitedMs How long the trial will have waited when this is noted again.
 * @example
 * import { defaultTrialTerms, firstJournal, startCounted, swapBegun, swapDone, waitNoted } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = startCounted(swapDone(swapBegun(firstJournal, 'id-1', order)));
 * const starts = waitNoted(trial, 15_000).flight?.starts; // 0
 */
export const waitNoted = (journal: FirmwareJournal, waitedMs: number): FirmwareJournal =>
  inTrial(journal, (flight) => ({
    ...flight,
    starts: flight.isWaiting ? flight.starts : Math.max(0, flight.starts - 1),
    isWaiting: true,
    waitedMs: wholeMs(waitedMs),
  }));

/**
 * Ends the wait of a trial: the running start counts again.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, swapBegun, swapDone, waitEnded, waitNoted } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const waiting = waitNoted(swapDone(swapBegun(firstJournal, 'id-1', order)), 15_000);
 * const starts = waitEnded(waiting).flight?.starts; // 1
 */
export const waitEnded = (journal: FirmwareJournal): FirmwareJournal => {
  if (!journal.flight?.isWaiting) return journal;
  return inTrial(journal, (waiting) => {
    const { isWaiting: _, ...flight } = waiting;
    return { ...flight, starts: flight.starts + 1 };
  });
};

const clippedFailure = ({ reason, code }: TrialFailure): TrialFailure => ({
  reason: clipped(reason),
  ...(code !== undefined && { code: clipped(code) }),
});

/**
 * Notes why the running start failed, for the one who counts the starts; it counts even if the trial waited.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, startFailed, swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const failure = startFailed(trial, { reason: 'it did not get online', code: 'offline' }).flight?.failure;
 */
export const startFailed = (journal: FirmwareJournal, failure: TrialFailure): FirmwareJournal =>
  inTrial(waitEnded(journal), (flight) => ({ ...flight, failure: clippedFailure(failure) }));

/**
 * Confirms the version on trial; changes nothing outside a trial.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, swapBegun, swapDone, trialConfirmed } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const outcome = trialConfirmed(trial).outcome; // { version: 'v2', result: 'confirmed' }
 */
export const trialConfirmed = (journal: FirmwareJournal): FirmwareJournal =>
  journal.phase === 'trial' && journal.flight
    ? {
        ...(journal.failed?.version === journal.flight.to
          ? without(journal, 'flight', 'failed')
          : without(journal, 'flight')),
        phase: 'settled',
        running: journal.flight.id,
        outcome: { version: journal.flight.to, result: 'confirmed' },
      }
    : journal;

/**
 * Ends a trial with failure, remembers the failed version and begins the rollback; changes nothing outside a trial.
 *
 * @param at When it failed by the host's wall clock, Unix milliseconds.
 * @example
 * import { defaultTrialTerms, firstJournal, rollBackBegun, swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const failed = rollBackBegun(trial, { reason: 'it did not get online', code: 'offline' }, Date.now()).failed;
 */
export const rollBackBegun = (journal: FirmwareJournal, failure: TrialFailure, at: number): FirmwareJournal =>
  journal.phase === 'trial' && journal.flight
    ? {
        ...journal,
        phase: 'rollingBack',
        flight: { ...journal.flight, reason: clipped(failure.reason) },
        failed: { version: journal.flight.to, ...clippedFailure(failure), at: wholeMs(at) },
      }
    : journal;
