import { textOf } from '../../services/errors.ts';
import { redacted } from '../../services/redaction.ts';
import { LogLevel, logLevelValue, type LogEntry } from '../../services/log.ts';

/** Longest text of an entry, characters; a longer one is cut. */
export const maxTextLength = 4000;

const firstOfYear10000 = Date.UTC(10_000, 0, 1);

/** The level itself if it is one; an unknown one counts as `Info`. */
const knownLevel = (level: LogLevel): LogLevel => (logLevelValue(level) < 0 ? LogLevel.Info : level);

/** Rank of a level by severity; an unknown one ranks as `Info`. */
export const rankOf = (level: LogLevel): number => logLevelValue(knownLevel(level));

/** A text without secrets, cut if it is long; of what is much longer only the beginning is looked at. */
const bounded = (text: string): string => {
  const shown = redacted(text.slice(0, 2 * maxTextLength));
  if (text.length <= 2 * maxTextLength && shown.length <= maxTextLength) return shown;
  const start = shown.slice(0, maxTextLength);
  return `${start}… (${text.length - start.length} more characters)`;
};

/**
 * Builds an entry that the instance accepts: a known level, well-formed text of bounded length without secrets, and the
 * time, if it is known and can be written.
 *
 * @param epochMs Unix milliseconds; `undefined` while no time is trusted.
 */
export const logEntry = (level: LogLevel, text: unknown, epochMs: number | undefined): LogEntry => {
  const known = knownLevel(level);
  const shown = bounded(textOf(text)).replaceAll(/\p{Surrogate}/gu, '\ufffd');
  // The instance reads ISO 8601 in UTC, with a year of four digits.
  const isDatable = epochMs !== undefined && epochMs >= 0 && epochMs < firstOfYear10000;
  if (!isDatable) return { level: known, text: shown };
  return { level: known, text: shown, create_datetime: new Date(epochMs).toISOString() };
};
