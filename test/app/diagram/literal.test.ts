import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { javascript, json, literal } from '../../../app/diagram/literal.ts';
import type { JsonValue } from '../../../services/json.ts';

/** Data as a config has it: no key that names a prototype. */
const data = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

test('data is the same once it was written as JSON and as JavaScript', () => {
  fc.assert(
    fc.property(data, (value) => {
      expect(JSON.parse(literal(value, json))).toEqual(value);
      const source = `JSON.stringify(${literal(value, javascript)})`;
      expect(JSON.parse(runInNewContext(source) as string)).toEqual(value);
    }),
  );
});

test('data is broken into lines only where a line would be longer than 120 letters', () => {
  expect(literal({ on: { OPEN: { target: 'open' } }, 'a-b': [1, "it's"] }, javascript)).toBe(
    `{ on: { OPEN: { target: 'open' } }, 'a-b': [1, "it's"] }`,
  );
  const long = { first: 'x'.repeat(60), second: ['y'.repeat(60)] };
  expect(literal(long, javascript)).toBe(`{\n  first: '${'x'.repeat(60)}',\n  second: ['${'y'.repeat(60)}'],\n}`);
  expect(literal(long, json)).toBe(`{\n  "first": "${'x'.repeat(60)}",\n  "second": ["${'y'.repeat(60)}"]\n}`);
});
