import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { LogLevel } from '../../../services/log.ts';
import type { LogDocument } from '../store/documents.ts';
import { readPayload } from './state-reports.ts';

/** Entries of a payload on `log/pepeunit`. */
export interface LogReport {
  readonly entries: readonly LogDocument[];
  /** Number of entries that can't be read, each of which costs the whole report; 1 for a payload that is neither an object nor a list. */
  readonly invalid: number;
}

const levels = Object.values(LogLevel);

/** Unix times from this number on are in milliseconds: as seconds they would lie beyond the year 2600. */
const minMilliseconds = 2e10;
/** End of the year 9999, the last that every reader of ISO 8601 accepts. */
const maxMilliseconds = 253_402_300_799_999;

const isoPattern =
  /^\d{4}-\d{2}-\d{2}(?:[T ](?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Whether the date that a text begins with is in the calendar; `Date` makes 2 March of 30 February. */
const isInCalendar = (iso: string): boolean =>
  new Date(`${iso.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(iso.slice(8, 10));

const millisecondsOf = (value: JsonValue): number => {
  if (typeof value === 'number') return Math.abs(value) < minMilliseconds ? value * 1000 : value;
  if (typeof value !== 'string') return Number.NaN;
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return millisecondsOf(Number(value));
  if (!isoPattern.test(value) || !isInCalendar(value)) return Number.NaN;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(value) && value.length > 10;
  return Date.parse(hasZone || value.length === 10 ? value : `${value}Z`);
};

/** Converts a unit's timestamp to ISO 8601 UTC; an empty one becomes now, an unreadable one `undefined`. */
const datetimeOf = (value: JsonValue | undefined, nowMs: number): string | undefined => {
  if (value === undefined || value === null || value === '' || value === 0) return new Date(nowMs).toISOString();
  const milliseconds = millisecondsOf(value);
  return milliseconds >= 0 && milliseconds <= maxMilliseconds ? new Date(milliseconds).toISOString() : undefined;
};

const own = (entry: { [key: string]: JsonValue }, key: string): JsonValue | undefined =>
  Object.hasOwn(entry, key) ? entry[key] : undefined;

const parseEntry = (entry: JsonValue, nowMs: number): LogDocument | undefined => {
  if (!isJsonObject(entry)) return undefined;
  const given = own(entry, 'level');
  const level = levels.find((known) => typeof given === 'string' && known.toLowerCase() === given.toLowerCase());
  const text = own(entry, 'text');
  const created = datetimeOf(own(entry, 'create_datetime'), nowMs);
  if (level === undefined || typeof text !== 'string' || created === undefined) return undefined;
  return { uuid: randomUUID(), level, text, create_datetime: created };
};

/**
 * Parses one entry or a list of entries, all or none. An entry needs one of the five levels, in any case, and a text. Its
 * `create_datetime` is ISO 8601 (UTC unless it names a zone), unix seconds or unix milliseconds; without one it gets the
 * instance's time.
 */
export const parseLogReport = (payload: Uint8Array, nowMs: number): LogReport => {
  const report = readPayload(payload);
  const given = Array.isArray(report) ? report : [report ?? null];
  const entries = given.map((entry) => parseEntry(entry, nowMs)).filter((entry) => entry !== undefined);
  const invalid = given.length - entries.length;
  return { entries: invalid === 0 ? entries : [], invalid };
};
