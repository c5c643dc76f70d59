import { textOf } from '../../services/errors.ts';
import { LogLevel, type LogEntry } from '../../services/log.ts';

/** Characters of an entry's text; what goes beyond is cut. */
export const maxTextLength = 4000;

const firstOfYear10000 = Date.UTC(10_000, 0, 1);

const ranks: ReadonlyMap<unknown, number> = new Map(Object.values(LogLevel).map((level, rank) => [level, rank]));

/** How grave a level is; one that is none counts as `Info`. */
export const rankOf = (level: LogLevel): number => ranks.get(level) ?? ranks.get(LogLevel.Info) ?? 0;

const mask = (text: string, secrets: readonly string[]): string => {
  let masked = text;
  for (const secret of secrets) if (secret.length >= 8) masked = masked.replaceAll(secret, '***');
  return masked;
};

const shortened = (text: string): string =>
  `${text.slice(0, maxTextLength)}… (${text.length - maxTextLength} more characters)`;

/** The time as the backend reads it: ISO 8601 in UTC, with four digits for the year. */
const datetimeOf = (epochMs: number | undefined): Pick<LogEntry, 'create_datetime'> =>
  epochMs !== undefined && epochMs >= 0 && epochMs < firstOfYear10000
    ? { create_datetime: new Date(epochMs).toISOString() }
    : {};

/**
 * Makes an entry that the backend takes, of anything: one of its levels, well-formed text of bounded length without
 * secrets, and the time where one is known that can be written.
 *
 * @param epochMs Unix milliseconds; `undefined` while no time is trusted.
 * @param secrets Values that the entry must not show; those of less than eight characters are too common to mask.
 */
export const logEntry = (
  level: LogLevel,
  text: unknown,
  epochMs: number | undefined,
  secrets: readonly string[],
): LogEntry => {
  const masked = mask(textOf(text), secrets);
  return {
    level: ranks.has(level) ? level : LogLevel.Info,
    text: (masked.length > maxTextLength ? shortened(masked) : masked).replaceAll(/\p{Surrogate}/gu, '\ufffd'),
    ...datetimeOf(epochMs),
  };
};
