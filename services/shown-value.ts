const maxDepth = 6;
/** Members of each list or object that are shown. */
const maxMembers = 100;
/** Values that are shown in all. */
const maxValues = 1000;
const maxTextLength = 4000;

/** What is left to show, and the objects that are being shown. */
interface Showing {
  left: number;
  readonly above: Set<object>;
}

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

const shortened = (text: string): string =>
  text.length > maxTextLength ? `${text.slice(0, maxTextLength)}… (${text.length - maxTextLength} more)` : text;

const members = (showing: Showing, entries: Iterable<readonly [unknown, unknown]>, count: number): object => {
  const shown: [string, unknown][] = [];
  for (const [key, value] of entries) {
    if (shown.length >= maxMembers || showing.left <= 0) {
      shown.push(['…', `${count - shown.length} more`]);
      break;
    }
    if (value !== undefined) shown.push([typeof key === 'string' ? key : textIn(key), plain(value, showing)]);
  }
  // With defined members, `__proto__` is a name like any other.
  return Object.defineProperties(
    {},
    Object.fromEntries(shown.map(([key, value]) => [key, { value, enumerable: true, configurable: true }])),
  );
};

const items = (showing: Showing, values: Iterable<unknown>, count: number): unknown[] => {
  const shown: unknown[] = [];
  for (const value of values) {
    if (shown.length >= maxMembers || showing.left <= 0) {
      shown.push(`… ${count - shown.length} more`);
      break;
    }
    shown.push(plain(value, showing));
  }
  return shown;
};

const errorMembers = (error: Error, showing: Showing): object => {
  const { name, message, cause } = error;
  return members(showing, Object.entries(Object.assign({ name, message }, error, { cause })), 100);
};

const objectShown = (value: object, showing: Showing): unknown => {
  if (value instanceof Error) return errorMembers(value, showing);
  if (Array.isArray(value)) return items(showing, value, value.length);
  if (value instanceof Map) return members(showing, value, value.size);
  if (value instanceof Set) return items(showing, value, value.size);
  if (ArrayBuffer.isView(value)) return `(${tagOf(value)} of ${value.byteLength} bytes)`;
  if (value instanceof ArrayBuffer) return `(ArrayBuffer of ${value.byteLength} bytes)`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON(), showing);
  if (value instanceof RegExp) return String(value);
  const entries = Object.entries(value);
  return members(showing, entries, entries.length);
};

/** A value that JSON can carry in place of any other. */
const plain = (value: unknown, showing: Showing): unknown => {
  showing.left -= 1;
  if (typeof value === 'string') return shortened(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `(function ${value.name})`;
  if (typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (showing.above.has(value)) return '(itself)';
  if (showing.above.size >= maxDepth) return `(${tagOf(value)})`;
  showing.above.add(value);
  try {
    return objectShown(value, showing);
  } catch {
    return `(${typeof value} that can't be shown)`;
  } finally {
    showing.above.delete(value);
  }
};

const textIn = (value: unknown): string => {
  const shown = plain(value, { left: maxMembers, above: new Set() });
  return typeof shown === 'string' ? shown : JSON.stringify(shown);
};

const errorText = (error: Error): string => {
  const { name, message, cause } = error;
  const why = cause === undefined ? '' : `, caused by ${cause instanceof Error ? errorText(cause) : textIn(cause)}`;
  return `${shortened(name)}: ${shortened(message)}${why}`;
};

/**
 * Any value as a text for people: texts as they are, errors with their causes, objects as JSON. Bounded in time and length;
 * never throws.
 */
export const shownValue = (value: unknown): string => {
  try {
    if (typeof value === 'string') return value;
    if (value === undefined) return 'undefined';
    if (value instanceof Error) return shortened(errorText(value));
    const shown = plain(value, { left: maxValues, above: new Set() });
    return typeof shown === 'string' ? shown : JSON.stringify(shown);
  } catch {
    return `(${typeof value} that can't be shown)`;
  }
};
