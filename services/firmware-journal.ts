import { FirmwareError } from './errors.ts';
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

/** Characters of a text in the journal. */
export const maxTextLength = 4_096;
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
