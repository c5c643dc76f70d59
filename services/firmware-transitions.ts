import { FirmwareError, type Failure } from './errors.ts';
import type { JsonObject } from './json.ts';
import {
  journalName,
  maxTextLength,
  type FailedVersion,
  type FirmwareFlight,
  type FirmwareJournal,
  type FirmwarePhase,
  type FirmwareScope,
  type TrialTerms,
  type UpdateOutcome,
} from './firmware-journal.ts';

/** Request to swap in a staged version. */
export interface SwapOrder {
  readonly scope: FirmwareScope;
  /** The running version. */
  readonly from: string;
  /** The staged version. */
  readonly to: string;
  /** Terms of the new version's trial; unused with `envAndSchema`. */
  readonly trial: TrialTerms;
}

/** State of the last update. */
export interface FirmwareStatus {
  readonly phase: FirmwarePhase;
  /** The trial in progress. */
  readonly trial?: Omit<FirmwareFlight, 'id' | 'scope' | 'reason'>;
  readonly failed?: FailedVersion;
  readonly outcome?: UpdateOutcome;
  /** A problem that `recover` or `countStart` found and repaired. */
  readonly problem?: Failure;
}

/** A text that fits into the journal. */
export const clipped = (text: string): string => text.slice(0, maxTextLength);

/** A journal without some of its parts. */
export const without = (journal: FirmwareJournal, ...names: ('flight' | 'outcome' | 'failed')[]): FirmwareJournal => {
  const rest: { -readonly [K in keyof FirmwareJournal]: FirmwareJournal[K] } = { ...journal };
  for (const name of names) delete rest[name];
  return rest;
};

/**
 * Starts a swap of a settled unit. Forgets a failed version if the new one is another.
 *
 * @throws {FirmwareError} `busy` if the last update is not settled.
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
  const kept =
    journal.failed?.version === journalName(to) ? without(journal, 'outcome') : without(journal, 'outcome', 'failed');
  const flight = { id, from: journalName(from), to: journalName(to), scope, starts: 0, ...trial };
  return { ...kept, phase: 'swapping', flight };
};

const maxKeptNames = 5;
const maxKeptNameLength = 256;

/**
 * Notes files that gave way to the new version although no update had brought them, besides those noted before.
 *
 * @example
 * import { defaultTrialTerms, filesKept, firstJournal, swapBegun } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const begun = swapBegun(firstJournal, 'id-1', order);
 * const count = filesKept(begun, '.pepeunit/kept/v2', ['notes.txt']).flight?.kept?.count; // 1
 */
export const filesKept = (journal: FirmwareJournal, folder: string, paths: readonly string[]): FirmwareJournal => {
  if (!journal.flight || paths.length === 0) return journal;
  const { kept } = journal.flight;
  const names = [
    ...(kept?.names ?? []),
    ...paths.slice(0, maxKeptNames).map((path) => path.slice(0, maxKeptNameLength)),
  ];
  const count = (kept?.count ?? 0) + paths.length;
  return { ...journal, flight: { ...journal.flight, kept: { folder, count, names: names.slice(0, maxKeptNames) } } };
};

/**
 * Ends a swap: begins the trial, or settles at once with `envAndSchema`.
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
 * Abandons a swap and begins to restore the old version; the new one does not count as failed.
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
 * Ends a rollback: the previous version is back in place.
 *
 * @example
 * import { defaultTrialTerms, firstJournal, rollBackBegun, rollBackDone } from 'pepeunit-client/services';
 * import { swapBegun, swapDone } from 'pepeunit-client/services';
 *
 * const order = { scope: 'everything', from: 'v1', to: 'v2', trial: defaultTrialTerms } as const;
 * const trial = swapDone(swapBegun(firstJournal, 'id-1', order));
 * const { phase } = rollBackDone(rollBackBegun(trial, { reason: 'it did not get online' }, Date.now())); // 'settled'
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
 * Forgets the outcome after it was reported.
 *
 * @example
 * import { outcomeTold, parseJournal } from 'pepeunit-client/services';
 *
 * const stored = { format: 1, phase: 'settled', outcome: { version: 'v2', result: 'confirmed' } };
 * const { outcome } = outcomeTold(parseJournal(stored)); // undefined
 */
export const outcomeTold = (journal: FirmwareJournal): FirmwareJournal =>
  journal.outcome ? without(journal, 'outcome') : journal;

/** An env under the version that another document states; without a version if that states none. */
export const underVersionOf = ({ PU_COMMIT_VERSION }: JsonObject, env: JsonObject): JsonObject => {
  const { PU_COMMIT_VERSION: _, ...others } = env;
  return { ...others, ...(PU_COMMIT_VERSION !== undefined && { PU_COMMIT_VERSION }) };
};

/**
 * The public part of the journal.
 *
 * @example
 * import { firstJournal, statusOf } from 'pepeunit-client/services';
 *
 * const { phase } = statusOf(firstJournal); // 'settled'
 */
export const statusOf = ({ phase, flight, failed, outcome }: FirmwareJournal): FirmwareStatus => {
  const { id: _, scope: __, reason: ___, ...trial } = flight ?? ({} as FirmwareFlight);
  return {
    phase,
    ...(phase === 'trial' && flight && { trial }),
    ...(failed && { failed }),
    ...(outcome && { outcome }),
  };
};
