import type { JsonValue } from '../../services/json.ts';

/** How a language writes data. */
export interface Notation {
  readonly key: (name: string) => string;
  readonly text: (text: string) => string;
  /** What follows the last member of what is broken into lines. */
  readonly end: '' | ',';
}

/** Notation of JSON. */
export const json: Notation = { key: JSON.stringify, text: JSON.stringify, end: '' };

const quoted = (text: string): string =>
  text.includes("'") ? JSON.stringify(text) : `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')}'`;

/** Notation of JavaScript and TypeScript. */
export const javascript: Notation = {
  key: (name) => (/^([A-Za-z_$][\w$]*|0|[1-9]\d{0,14})$/.test(name) ? name : quoted(name)),
  text: quoted,
  end: ',',
};

const maxColumns = 120;

const oneLine = (value: JsonValue, notation: Notation): string => {
  if (typeof value === 'string') return notation.text(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((one) => oneLine(one, notation)).join(', ')}]`;
  const members = Object.entries(value).map(([name, member]) => `${notation.key(name)}: ${oneLine(member, notation)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
};

/**
 * Writes data as an expression that is broken into lines where it is longer than one.
 * @param used Columns that are taken before and after it on its first line.
 */
export const literal = (value: JsonValue, notation: Notation, indent = '', used = 0): string => {
  const whole = oneLine(value, notation);
  if (typeof value !== 'object' || value === null || indent.length + used + whole.length <= maxColumns) return whole;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const members = Array.isArray(value)
    ? value.map((one) => literal(one, notation, inner, 1))
    : Object.entries(value).map(([name, member]) => {
        const key = `${notation.key(name)}: `;
        return `${key}${literal(member, notation, inner, key.length + 1)}`;
      });
  return `${open}\n${members.map((member) => `${inner}${member}`).join(',\n')}${notation.end}\n${indent}${close}`;
};
