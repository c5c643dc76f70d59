import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { LogLevel } from '../../../services/log.ts';
import type { LogDocument } from '../store/documents.ts';
import { readPayload } from './state-reports.ts';

/** What a payload on `log/pepeunit` held. */
export interface LogReport {
  readonly entries: readonly LogDocument[];
  /** How many were dropped; 1 for a payload that is neither an object nor a list. */
  readonly invalid: number;
}

const levels = Object.values(LogLevel);

/** From here on a unix number is in milliseconds: as seconds it would lie beyond the year 2600. */
const leastMilliseconds = 2e10;
/** The year 9999, the last that every reader of ISO 8601 takes. */
const latest = 253_402_300_799_999;

const isoPattern = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

const millisecondsOf = (value: JsonValue): number => {
  if (typeof value === 'number') return Math.abs(value) < leastMilliseconds ? value * 1000 : value;
  if (typeof value !== 'string') return Number.NaN;
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return millisecondsOf(Number(value));
  if (!isoPattern.test(value)) return Number.NaN;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(value) && value.length > 10;
  return Date.parse(hasZone || value.length === 10 ? value : `${value}Z`);
};

/** ISO 8601 UTC of a time as a unit may write it; `undefined` when it is none. */
const datetimeOf = (value: JsonValue | undefined, nowMs: number): string | undefined => {
  if (value === undefined || value === null || value === '' || value === 0) return new Date(nowMs).toISOString();
  const milliseconds = millisecondsOf(value);
  return milliseconds >= 0 && milliseconds <= latest ? new Date(milliseconds).toISOString() : undefined;
};

const own = (entry: { [key: string]: JsonValue }, key: string): JsonValue | undefined =>
  Object.hasOwn(entry, key) ? entry[key] : undefined;

const parseEntry = (entry: JsonValue, nowMs: number): LogDocument | undefined => {
  if (!isJsonObject(entry)) return undefined;
  const level = levels.find((known) => known === own(entry, 'level'));
  const text = own(entry, 'text');
  const created = datetimeOf(own(entry, 'create_datetime'), nowMs);
  if (level === undefined || typeof text !== 'string' || created === undefined) return undefined;
  return { uuid: randomUUID(), level, text, create_datetime: created };
};

/**
 * Reads one entry or a list of them. An entry needs one of the five levels and a text; its `create_datetime` is
 * ISO 8601 (UTC where it names no zone), unix seconds or milliseconds, or absent: then the instance's own time.
 */
export const parseLogReport = (payload: Uint8Array, nowMs: number): LogReport => {
  const report = readPayload(payload);
  const given = Array.isArray(report) ? report : [report ?? null];
  const entries = given.map((entry) => parseEntry(entry, nowMs)).filter((entry) => entry !== undefined);
  return { entries, invalid: given.length - entries.length };
};
