import { FirmwareError } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/**
 * Which part of a staged version to install. `everything` also removes files that updates brought and the new version lacks;
 * `envAndSchema` installs env.json and schema.json alone; `compiled` installs the staged files and removes none.
 */
export type FirmwareScope = 'everything' | 'envAndSchema' | 'compiled';

/** The state of an update on disk. */
export type FirmwarePhase = 'settled' | 'swapping' | 'trial' | 'rollingBack';

/** Terms of a new version's trial. */
export interface TrialTerms {
  /** Starts that the version gets. */
  readonly maxStarts: number;
  /** Time limit of one start to be confirmed. */
  readonly healthyWithinMs: number;
  /** Time for which the trial waits in all while no broker can be reached. @defaultValue a day */
  readonly offlineMs?: number;
}

/** Why a version failed its trial. */
export interface TrialFailure {
  readonly reason: string;
  /** `offline` if it did not get online, else the code of another failure. */
  readonly code?: string;
}

/** Files that no update had brought and that gave way to a version. */
export interface KeptFiles {
  /** Where they are kept, relative to the unit's folder. */
  readonly folder: string;
  readonly count: number;
  /** The first of their paths. */
  readonly names: readonly string[];
}

/** An update that is not settled yet. */
export interface FirmwareFlight extends TrialTerms {
  readonly id: string;
  /** The replaced version. */
  readonly from: string;
  /** The new version. */
  readonly to: string;
  readonly scope: FirmwareScope;
  /** Starts of the new version so far that count. */
  readonly starts: number;
  /** Whether the trial waits because no broker can be reached; the running start does not count then. */
  readonly isWaiting?: boolean;
  /** How long it has waited, milliseconds; it is noted ahead, so that restarts can't prolong it. */
  readonly waitedMs?: number;
  /** Why the last start failed, as far as the version itself could tell. */
  readonly failure?: TrialFailure;
  /** Reason for the rollback, during one. */
  readonly reason?: string;
  /** What gave way to the new version, if anything did. */
  readonly kept?: KeptFiles;
}

/** A version whose trial failed. */
export interface FailedVersion extends TrialFailure {
  /** Its name, as {@link journalName} gives it. */
  readonly version: string;
  /** When it failed by the host's wall clock, Unix milliseconds. */
  readonly at?: number;
}

/** Result of the last update, until it is reported. */
export interface UpdateOutcome {
  readonly version: string;
  readonly result: 'confirmed' | 'rolledBack';
  readonly reason?: string;
}

/** The record of an update that survives a crash; `format` is its version. */
export interface FirmwareJournal {
  readonly format: 1;
  readonly phase: FirmwarePhase;
  /** Present unless the phase is `settled`. */
  readonly flight?: FirmwareFlight;
  /** Id of the update that installed the running version, if any. */
  readonly running?: string;
  readonly failed?: FailedVersion;
  readonly outcome?: UpdateOutcome;
}

/** The journal of a unit that was never updated. */
export const firstJournal: FirmwareJournal = { format: 1, phase: 'settled' };

/** Maximum length of a text in the journal, in characters. */
export const maxTextLength = 4_096;

/**
 * The name of a version in the journal: the name itself, or its beginning and a digest if it is longer than a text of the
 * journal.
 *
 * @example
 * import { journalName } from 'pepeunit-client/services';
 *
 * journalName('v2'); // 'v2'
 */
export const journalName = (version: string): string => {
  if (version.length <= maxTextLength) return version;
  // FNV-1a, 64 bits: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
  let digest = 0xcbf29ce484222325n;
  for (let at = 0; at < version.length; at += 1) {
    digest = BigInt.asUintN(64, (digest ^ BigInt(version.charCodeAt(at))) * 0x100000001b3n);
  }
  const mark = `…${version.length}…${digest.toString(16)}`;
  return version.slice(0, maxTextLength - mark.length) + mark;
};
const phases: readonly FirmwarePhase[] = ['settled', 'swapping', 'trial', 'rollingBack'];
const scopes: readonly FirmwareScope[] = ['everything', 'envAndSchema', 'compiled'];

const damaged = (what: string): FirmwareError =>
  new FirmwareError('journal', `The update journal is damaged: ${what}. The unit runs what is in its folder.`);

const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value.length <= maxTextLength;

const textIn = (record: JsonObject, name: string): string => {
  const value = record[name];
  if (!isText(value)) throw damaged(`${name} must be a text`);
  return value;
};

const oneOf = <T extends string>(record: JsonObject, name: string, known: readonly T[]): T => {
  const value = textIn(record, name);
  const found = known.find((one) => one === value);
  if (found === undefined) throw damaged(`${name} must be one of ${known.join(', ')}`);
  return found;
};

const countIn = (record: JsonObject, name: string): number => {
  const value = record[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw damaged(`${name} must be a count`);
  return value;
};

/**
 * Whether a text is a valid update id; ids name folders.
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

const optionalCountIn = <K extends string>(record: JsonObject, name: K) =>
  (record[name] === undefined ? {} : { [name]: countIn(record, name) }) as Partial<Record<K, number>>;

const failureIn = (record: JsonObject): TrialFailure => ({
  reason: textIn(record, 'reason'),
  ...(record.code !== undefined && { code: textIn(record, 'code') }),
});

const reasonIn = (record: JsonObject) => (record.reason === undefined ? {} : { reason: textIn(record, 'reason') });

const keptIn = (record: JsonObject): { kept?: KeptFiles } => {
  if (record.kept === undefined) return {};
  const kept = recordIn(record, 'kept');
  const { names } = kept;
  if (!Array.isArray(names) || !names.every(isText)) throw damaged('names must be texts');
  return { kept: { folder: textIn(kept, 'folder'), count: countIn(kept, 'count'), names } };
};

const flightOf = (record: JsonObject): FirmwareFlight => ({
  id: idIn(record, 'id'),
  from: textIn(record, 'from'),
  to: textIn(record, 'to'),
  scope: oneOf(record, 'scope', scopes),
  starts: countIn(record, 'starts'),
  maxStarts: countIn(record, 'maxStarts'),
  healthyWithinMs: countIn(record, 'healthyWithinMs'),
  ...optionalCountIn(record, 'offlineMs'),
  ...optionalCountIn(record, 'waitedMs'),
  ...(record.isWaiting === true && { isWaiting: true }),
  ...(record.failure !== undefined && { failure: failureIn(recordIn(record, 'failure')) }),
  ...reasonIn(record),
  ...keptIn(record),
});

const failedOf = (record: JsonObject): FailedVersion => ({
  version: textIn(record, 'version'),
  ...failureIn(record),
  ...optionalCountIn(record, 'at'),
});

const outcomeOf = (record: JsonObject): UpdateOutcome => ({
  version: textIn(record, 'version'),
  result: oneOf(record, 'result', ['confirmed', 'rolledBack']),
  ...reasonIn(record),
});

/**
 * Checks a whole journal.
 *
 * @throws {FirmwareError} `journal` if it is damaged, `newerJournal` if a newer client wrote it.
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
