import { oneJsonLine } from '../../adapters/shared/log/log-lines.ts';
import type { JsonValue } from '../../services/json.ts';
import type { LogEntry } from '../../services/log.ts';

/** An entry of the log file, whose time somebody else may have written. */
type StoredEntry = Pick<LogEntry, 'level' | 'text'> & { readonly create_datetime?: JsonValue };

const isoDate =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[Tt ](?<time>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)(?<zone>[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?$/;
const decimal = /^\d+(?:\.\d+)?$/;
/** Unix times from this number on are in milliseconds. */
const minMilliseconds = 2e10;
const firstOfYear10000 = Date.UTC(10_000, 0, 1);

const isDay = (year: number, month: number, day: number): boolean => {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
};

const unixMs = (value: number): number => (value < minMilliseconds ? value * 1000 : value);

/** Unix milliseconds of an ISO 8601 time, UTC unless it names a zone; `NaN` for any other text. */
const isoMs = (value: string): number => {
  const { year, month, day, time = '00:00', zone = 'Z' } = isoDate.exec(value)?.groups ?? {};
  if (!isDay(Number(year), Number(month), Number(day))) return Number.NaN;
  return Date.parse(`${year}-${month}-${day}T${time}${zone.replace(/^(...)(..)$/, '$1:$2').toUpperCase()}`);
};

const millisecondsOf = (value: JsonValue | undefined): number => {
  if (typeof value === 'number') return unixMs(value);
  if (typeof value !== 'string') return Number.NaN;
  return decimal.test(value) ? unixMs(Number(value)) : isoMs(value);
};

/**
 * Rewrites a stored entry so that the instance can read it, since one that it can't read costs it the whole batch: the
 * level, a well-formed text, and the time as ISO 8601 in UTC. A time that says nothing is left out, as everything else is.
 *
 * @param line An entry of the log file, as JSON.
 */
export const sendableLine = (line: string): string => {
  const { level, text, create_datetime } = JSON.parse(line) as StoredEntry;
  const ms = millisecondsOf(create_datetime);
  return oneJsonLine(
    JSON.stringify({
      level,
      text: text.replaceAll(/\p{Surrogate}/gu, '\ufffd'),
      ...(ms > 0 && ms < firstOfYear10000 && { create_datetime: new Date(ms).toISOString() }),
    }),
  );
};
