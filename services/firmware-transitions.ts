import { FirmwareError, type Failure } from './errors.ts';
import {
  maxTextLength,
  type FailedVersion,
  type FirmwareFlight,
  type FirmwareJournal,
  type FirmwarePhase,
  type FirmwareScope,
  type TrialTerms,
  type UpdateOutcome,
} from './firmware-journal.ts';

/** Order of a swap. */
export interface SwapOrder {
  readonly scope: FirmwareScope;
  /** The version that runs. */
  readonly from: string;
  /** The version that is staged. */
  readonly to: string;
  /** How the new version has to prove itself; not asked of env.json and schema.json alone. */
  readonly trial: TrialTerms;
}

/** Where an update stands. */
export interface FirmwareStatus {
  readonly phase: FirmwarePhase;
  /** The trial that is on. */
  readonly trial?: Pick<FirmwareFlight, 'from' | 'to' | 'starts' | 'maxStarts' | 'healthyWithinMs'>;
  readonly failed?: FailedVersion;
  readonly outcome?: UpdateOutcome;
  /** A problem that `recover` or `countStart` found and solved. */
  readonly problem?: Failure;
}

const clipped = (text: string): string => text.slice(0, maxTextLength);

const without = <K extends keyof FirmwareJournal>(journal: FirmwareJournal, ...names: K[]): FirmwareJournal =>
  Object.fromEntries(Object.entries(journal).filter(([name]) => !names.some((gone) => gone === name))) as never;

/**
 * A settled unit begins to swap. A version that failed is forgotten when another one is wanted.
 *
 * @throws {FirmwareError} `busy` when the last update is not settled.
 * @example
 * import { defaultTrialTerms, firstJournal, swapBegun } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const journal = swapBegun(firstJournal, 'id-1', order);
 */
export const swapBegun = (journal: FirmwareJournal, id: string, order: SwapOrder): FirmwareJournal => {
  if (journal.phase !== 'settled') {
    throw new FirmwareError('busy', 'The last update is not settled yet. Confirm it or roll it back first.');
  }
  const { scope, from, to, trial } = order;
  const kept = journal.failed?.version === to ? without(journal, 'outcome') : without(journal, 'outcome', 'failed');
  const flight = { id, from: clipped(from), to: clipped(to), scope, starts: 0, ...trial };
  return { ...kept, phase: 'swapping', flight };
};

/**
 * The files are in place: a trial begins, except for env.json and schema.json alone.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const { phase } = swapDone(swapBegun(firstJournal, 'id-1', order)); // 'trial'
 */
export const swapDone = (journal: FirmwareJournal): FirmwareJournal => {
  if (journal.phase !== 'swapping') return journal;
  return journal.flight?.scope === 'envAndSchema'
    ? { ...without(journal, 'flight'), phase: 'settled' }
    : { ...journal, phase: 'trial' };
};

/**
 * The new files can't be put in place: the old version comes back, and the new one is not held to have failed.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, swapBegun, swapGivenUp } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const { phase } = swapGivenUp(swapBegun(firstJournal, 'id-1', order), 'the disk is full'); // 'rollingBack'
 */
export const swapGivenUp = (journal: FirmwareJournal, reason: string): FirmwareJournal =>
  journal.phase === 'swapping' && journal.flight
    ? { ...journal, phase: 'rollingBack', flight: { ...journal.flight, reason: clipped(reason) } }
    : journal;

/**
 * One more start, during a trial alone.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, startCounted, swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const starts = startCounted(trial).flight?.starts; // 1
 */
export const startCounted = (journal: FirmwareJournal): FirmwareJournal =>
  journal.phase === 'trial' && journal.flight
    ? { ...journal, flight: { ...journal.flight, starts: journal.flight.starts + 1 } }
    : journal;

/**
 * The new version has proved itself; nothing changes outside a trial.
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
        ...without(journal, 'flight'),
        phase: 'settled',
        running: journal.flight.id,
        outcome: { version: journal.flight.to, result: 'confirmed' },
      }
    : journal;

/**
 * The new version has not proved itself, and is remembered for that; nothing changes outside a trial.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, rollBackBegun, swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const failed = rollBackBegun(trial, 'it did not get online').failed;
 */
export const rollBackBegun = (journal: FirmwareJournal, reason: string): FirmwareJournal =>
  journal.phase === 'trial' && journal.flight
    ? {
        ...journal,
        phase: 'rollingBack',
        flight: { ...journal.flight, reason: clipped(reason) },
        failed: { version: journal.flight.to, reason: clipped(reason) },
      }
    : journal;

/**
 * The previous version is in place again.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, rollBackBegun, rollBackDone } from 'pepeunit-client/services';
 * import { swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const { phase } = rollBackDone(rollBackBegun(trial, 'it did not get online')); // 'settled'
 */
export const rollBackDone = (journal: FirmwareJournal): FirmwareJournal => {
  if (journal.phase !== 'rollingBack' || !journal.flight) return journal;
  const { to: version, reason } = journal.flight;
  return {
    ...without(journal, 'flight'),
    phase: 'settled',
    outcome: { version, result: 'rolledBack', ...(reason !== undefined && { reason }) },
  };
};

/**
 * The outcome was reported.
 *
 * @example
 * import { outcomeTold, parseJournal } from 'pepeunit-client/services';
 *
 * const stored = { format: 1, phase: 'settled', outcome: { version: 'v2', result: 'confirmed' } };
 * const { outcome } = outcomeTold(parseJournal(stored)); // undefined
 */
export const outcomeTold = (journal: FirmwareJournal): FirmwareJournal =>
  journal.outcome ? without(journal, 'outcome') : journal;

/**
 * The public part of the journal.
 *
 * @example
 * import { firstJournal, statusOf } from 'pepeunit-client/services';
 *
 * const { phase } = statusOf(firstJournal); // 'settled'
 */
export const statusOf = ({ phase, flight, failed, outcome }: FirmwareJournal): FirmwareStatus => ({
  phase,
  ...(phase === 'trial' &&
    flight && {
      trial: {
        from: flight.from,
        to: flight.to,
        starts: flight.starts,
        maxStarts: flight.maxStarts,
        healthyWithinMs: flight.healthyWithinMs,
      },
    }),
  ...(failed && { failed }),
  ...(outcome && { outcome }),
});
