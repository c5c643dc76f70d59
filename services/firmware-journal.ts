import { FirmwareError, type Failure } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/**
 * Which part of a staged version to put in place: all of it, so that files of the old version that it does not hold
 * go; env.json and schema.json alone; or the files that it holds, and no other.
 */
export type FirmwareScope = 'everything' | 'envAndSchema' | 'compiled';

/** Where an update stands on disk. */
export type FirmwarePhase = 'settled' | 'swapping' | 'trial' | 'rollingBack';

/** Terms of a new version's trial. */
export interface TrialTerms {
  /** Starts that it gets. */
  readonly maxStarts: number;
  /** How long one start may take to be confirmed. */
  readonly healthyWithinMs: number;
}

/** An update that is not settled yet. */
export interface FirmwareFlight extends TrialTerms {
  readonly id: string;
  /** The version that was replaced. */
  readonly from: string;
  /** The new version. */
  readonly to: string;
  readonly scope: FirmwareScope;
  /** Starts of the new version so far. */
  readonly starts: number;
  /** Why it is rolled back, while it is. */
  readonly reason?: string;
}

/** A version whose trial failed. */
export interface FailedVersion {
  readonly version: string;
  readonly reason: string;
}

/** How the last update ended, until it was reported. */
export interface UpdateOutcome {
  readonly version: string;
  readonly result: 'confirmed' | 'rolledBack';
  readonly reason?: string;
}

/** The record of an update that survives a crash, versioned by `format`. */
export interface FirmwareJournal {
  readonly format: 1;
  readonly phase: FirmwarePhase;
  /** Present unless settled. */
  readonly flight?: FirmwareFlight;
  /** The update that put the running version in place, where one did. */
  readonly running?: string;
  readonly failed?: FailedVersion;
  readonly outcome?: UpdateOutcome;
}

/** A unit that was never updated. */
export const firstJournal: FirmwareJournal = { format: 1, phase: 'settled' };

const maxTextLength = 4_096;
const phases: readonly string[] = ['settled', 'swapping', 'trial', 'rollingBack'] satisfies FirmwarePhase[];
const scopes: readonly string[] = ['everything', 'envAndSchema', 'compiled'] satisfies FirmwareScope[];

const damaged = (what: string): FirmwareError =>
  new FirmwareError('journal', `The update journal is damaged: ${what}. The unit runs what is in its folder.`);

const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value.length <= maxTextLength;

const textIn = (record: JsonObject, name: string): string => {
  const value = record[name];
  if (!isText(value)) throw damaged(`${name} must be a text`);
  return value;
};

const oneOf = <T extends string>(record: JsonObject, name: string, known: readonly string[]): T => {
  const value = textIn(record, name);
  if (!known.includes(value)) throw damaged(`${name} must be one of ${known.join(', ')}`);
  return value as T;
};

const countIn = (record: JsonObject, name: string): number => {
  const value = record[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw damaged(`${name} must be a count`);
  return value;
};

/**
 * Whether a text may be the id of an update, which names folders.
 *
 * @example
 * import { isFlightId } from 'pepeunit-client/services';
 *
 * isFlightId('1f0a-2'); // true
 * isFlightId('../etc'); // false
 */
export const isFlightId = (id: string): boolean => /^[0-9a-z][0-9a-z-]{0,63}$/.test(id);

const idIn = (record: JsonObject, name: string): string => {
  const id = textIn(record, name);
  if (!isFlightId(id)) throw damaged(`${name} must be an id`);
  return id;
};

const recordIn = (record: JsonObject, name: string): JsonObject => {
  const value = record[name];
  if (!isJsonObject(value)) throw damaged(`${name} must be an object`);
  return value;
};

const reasonIn = (record: JsonObject) => (record.reason === undefined ? {} : { reason: textIn(record, 'reason') });

const flightOf = (record: JsonObject): FirmwareFlight => ({
  id: idIn(record, 'id'),
  from: textIn(record, 'from'),
  to: textIn(record, 'to'),
  scope: oneOf(record, 'scope', scopes),
  starts: countIn(record, 'starts'),
  maxStarts: countIn(record, 'maxStarts'),
  healthyWithinMs: countIn(record, 'healthyWithinMs'),
  ...reasonIn(record),
});

const failedOf = (record: JsonObject): FailedVersion => ({
  version: textIn(record, 'version'),
  reason: textIn(record, 'reason'),
});

const outcomeOf = (record: JsonObject): UpdateOutcome => ({
  version: textIn(record, 'version'),
  result: oneOf(record, 'result', ['confirmed', 'rolledBack']),
  ...reasonIn(record),
});

/**
 * Checks a whole journal as it was read.
 *
 * @throws {FirmwareError} `journal` when it is damaged, `newerJournal` when a newer client has written it.
 * @example
 * import { parseJournal } from 'pepeunit-client/services';
 *
 * const { phase } = parseJournal(JSON.parse('{"format":1,"phase":"settled"}'));
 */
export const parseJournal = (document: unknown): FirmwareJournal => {
  if (!isJsonObject(document)) throw damaged('it must be a JSON object');
  const format = countIn(document, 'format');
  if (format > firstJournal.format) {
    throw new FirmwareError(
      'newerJournal',
      `The update journal has format ${format}, this client knows ${firstJournal.format}. Update the client itself.`,
    );
  }
  if (format !== firstJournal.format) throw damaged(`there is no format ${format}`);
  const phase = oneOf<FirmwarePhase>(document, 'phase', phases);
  if ((phase === 'settled') !== (document.flight === undefined))
    throw damaged(`phase and flight don't belong together`);
  return {
    format,
    phase,
    ...(document.flight !== undefined && { flight: flightOf(recordIn(document, 'flight')) }),
    ...(document.running !== undefined && { running: idIn(document, 'running') }),
    ...(document.failed !== undefined && { failed: failedOf(recordIn(document, 'failed')) }),
    ...(document.outcome !== undefined && { outcome: outcomeOf(recordIn(document, 'outcome')) }),
  };
};

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
