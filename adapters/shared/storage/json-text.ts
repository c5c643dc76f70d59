import { StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';

/** Size limit of a JSON document, bytes. */
export const maxDocumentBytes = 16 * 1024 * 1024;

const notJson = (what: string): StorageError =>
  new StorageError(
    'unsupported',
    `JSON can't carry ${what}. Store text, finite numbers, booleans, null, lists and objects.`,
  );

/** Placeholder of -0, which JSON has but `JSON.stringify` writes as 0; random, so that no document holds it. */
const negativeZero = `-0 ${Math.random()} ${Math.random()}`;

/** A replacer for `JSON.stringify` that replaces -0 alone, and throws for values that JSON would change or omit. */
function refuseForeign(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  // The value before its own `toJSON`.
  const given = this[name];
  if (Object.is(given, -0)) return negativeZero;
  if (given === null || typeof given === 'string' || typeof given === 'boolean' || Number.isFinite(given)) return value;
  if (given === undefined && !Array.isArray(this)) return value;
  if (typeof given === 'number') throw notJson(String(given));
  if (typeof given !== 'object') throw notJson(`a value of the type ${typeof given}`);
  const tag = Object.prototype.toString.call(given);
  if ((tag === '[object Object]' || Array.isArray(given)) && !('toJSON' in given)) return value;
  throw notJson(`a value of the kind ${tag.slice(8, -1)}`);
}

/**
 * Writes a value as JSON that reads back as the same value, -0 included; omits `undefined` members.
 *
 * @param indent Indentation of each level; empty for a single line.
 * @throws {StorageError} `unsupported` for values that JSON would change (dates, maps, `NaN`, cycles).
 */
export const jsonText = (value: unknown, indent = ''): string => {
  if (value === undefined) throw notJson('a value of the type undefined');
  try {
    return JSON.stringify(value, refuseForeign, indent).replaceAll(`"${negativeZero}"`, '-0');
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    throw new StorageError('unsupported', 'The value is nested too deeply, or holds itself. Store a flatter one.', {
      cause,
    });
  }
};

/**
 * Reads a JSON document, with or without a byte order mark.
 *
 * @throws {StorageError} `malformed`; the message names the document and never quotes it.
 */
export const parseJsonText = (path: string, content: string | Uint8Array): JsonValue => {
  try {
    const text = typeof content === 'string' ? content : new TextDecoder('utf-8', { fatal: true }).decode(content);
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new StorageError('malformed', `${path} is not JSON. Correct it, or download it again.`);
  }
};
