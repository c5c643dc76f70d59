import { StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';

/** How many bytes of JSON are one document at most. */
export const maxDocumentBytes = 16 * 1024 * 1024;

const notJson = (what: string): StorageError =>
  new StorageError(
    'unsupported',
    `JSON can't carry ${what}. Store text, finite numbers, booleans, null, lists and objects.`,
  );

const plainTag = '[object Object]';

const objectText = (value: object, indent: string, margin: string): string => {
  const tag = Object.prototype.toString.call(value);
  if (tag !== plainTag || 'toJSON' in value) throw notJson(`a value of the kind ${tag.slice(8, -1)}`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const inner = margin + indent;
  const space = indent === '' ? '' : ' ';
  const texts = members.map(([name, member]) => `${JSON.stringify(name)}:${space}${valueText(member, indent, inner)}`);
  return enclosed('{', texts, '}', indent, margin);
};

const enclosed = (open: string, texts: readonly string[], close: string, indent: string, margin: string): string => {
  if (texts.length === 0) return open + close;
  if (indent === '') return open + texts.join(',') + close;
  const inner = `\n${margin}${indent}`;
  return `${open}${inner}${texts.join(`,${inner}`)}\n${margin}${close}`;
};

const valueText = (value: unknown, indent: string, margin: string): string => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notJson(String(value));
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (Array.isArray(value)) {
    const texts = Array.from(value, (item: unknown) => valueText(item, indent, margin + indent));
    return enclosed('[', texts, ']', indent, margin);
  }
  if (typeof value !== 'object') throw notJson(`a value of the type ${typeof value}`);
  return objectText(value, indent, margin);
};

/**
 * Writes a value as JSON such that reading it back gives the same value, negative zero included.
 *
 * Members that are `undefined` are left out, as `JSON.stringify` does.
 *
 * @param indent What each level is moved in by; one line when empty.
 * @throws {StorageError} `unsupported` for what JSON would change without a word (dates, maps, `NaN`, cycles ...).
 */
export const jsonText = (value: unknown, indent = ''): string => {
  try {
    return valueText(value, indent, '');
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new StorageError('unsupported', 'The value is nested too deeply, or holds itself. Store a flatter one.', {
      cause,
    });
  }
};

/**
 * Reads a JSON document; a byte order mark is passed over.
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
