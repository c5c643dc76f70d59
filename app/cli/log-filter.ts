import { newest } from '../../adapters/shared/log/log-lines.ts';
import { logLevelValue, type LogEntry, type LogLevel } from '../../services/log.ts';
import { UsageError } from './command.ts';

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** Milliseconds of a time in ISO 8601: in the time zone of this machine where it names none. `NaN` for what is none. */
const timeOf = (text: string): number =>
  isoTime.test(text) ? Date.parse(text.includes(':') ? text : `${text}T00:00`) : Number.NaN;

/**
 * Parses `--since`: a time in ISO 8601, or how long ago, such as `10m`.
 *
 * @returns Milliseconds since 1970.
 * @throws {UsageError}
 */
export const sinceIn = (text: string, nowMs: number): number => {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  const time = count === undefined ? timeOf(text) : nowMs - Number(count) * (units[unit] ?? 0);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `--since takes a time, such as 2026-01-31 or 2026-01-31T12:00Z, or how long ago: 30s, 10m, 2h or 1d; not "${text}".`,
  );
};

/** Parses `--tail`. @throws {UsageError} */
export const countIn = (text: string): number => {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new UsageError(`--tail takes a whole number from 0, not "${text}".`);
};

/** Which entries are shown; all, where it says nothing. */
export interface LogFilter {
  /** The lowest level. */
  readonly level?: LogLevel | undefined;
  /** The earliest time, milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** The most entries: the newest. */
  readonly tail?: number | undefined;
}

/**
 * Chooses stored entries, oldest first. One without a time was written before the unit knew the time: it counts as of the
 * time of the next that has one, or as new.
 */
export const filtered = (lines: readonly string[], { level, sinceMs, tail = Infinity }: LogFilter): string[] => {
  const least = level === undefined ? 0 : logLevelValue(level);
  let time = Infinity;
  const chosen = lines
    .map((line) => ({ line, entry: JSON.parse(line) as LogEntry }))
    .toReversed()
    .filter(({ entry }) => {
      const own = Date.parse(entry.create_datetime ?? '');
      if (!Number.isNaN(own)) time = own;
      return logLevelValue(entry.level) >= least && (sinceMs === undefined || time >= sinceMs);
    });
  return newest(chosen.map(({ line }) => line).toReversed(), tail);
};
