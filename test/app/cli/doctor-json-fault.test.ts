import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonFaultOf } from '../../../app/cli/doctor/json-fault.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** JSON texts, and what a few changed characters make of them. */
const texts = fc
  .tuple(fc.jsonValue(), fc.nat(), fc.nat(4), fc.string({ maxLength: 3 }), fc.constantFrom('', '  '))
  .map(([value, at, cut, added, indent]) => {
    const text = JSON.stringify(value, undefined, indent);
    const from = at % (text.length + 1);
    return text.slice(0, from) + added + text.slice(from + cut);
  });

test('finds a fault in what is no JSON, and in nothing else', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(jsonFaultOf(text) === undefined).toBe(isJson(text));
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['', 1, 1, 'the text ends too early'],
  ['{"a": 1,\n "b": 2,\n}', 3, 1, 'a comma too many'],
  ['{"a": 1\n "b": 2}', 2, 2, 'a comma or "}" is missing'],
  ['{"🔑": "Ключ" "b"}', 1, 14, 'a comma or "}" is missing'],
  ['{a: 1}', 1, 2, 'a name in double quotes is missing'],
  ["{'a': 1}", 1, 2, 'straight double quotes'],
  ['{"a": “x”}', 1, 7, 'straight double quotes'],
  ['{"a" 1}', 1, 6, 'a colon is missing'],
  ['{"a": NaN}', 1, 7, 'a value is missing, or is none of JSON'],
  ['{"a": 007}', 1, 7, 'a value is missing, or is none of JSON'],
  ['{"a": "C:\\new\\x"}', 1, 7, 'a character that needs a backslash'],
  ['{"a": [1, 2}', 1, 12, 'a comma or "]" is missing'],
  ['{} {}', 1, 4, 'the text goes on after its end'],
  ['[1, # two\n2]', 1, 5, 'a value is missing'],
])('%j: line %i, column %i', (text, line, column, what) => {
  expect(jsonFaultOf(text)).toEqual({ line, column, what: expect.stringContaining(what) });
});
