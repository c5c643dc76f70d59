import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differencesOf, numbersIn } from '../../../../app/inspector/page/diff.ts';
import type { JsonValue } from '../../../../services/json.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

describe('the differences of two values', () => {
  test.each<[JsonValue, JsonValue, object[]]>([
    [{ speed: 1, on: true }, { speed: 2, on: true }, [{ path: 'speed', before: 1, after: 2 }]],
    [{ fan: { speed: 1 } }, { fan: {} }, [{ path: 'fan.speed', before: 1, after: undefined }]],
    [
      [1, 2],
      [1, 3, 4],
      [
        { path: '1', before: 2, after: 3 },
        { path: '2', before: undefined, after: 4 },
      ],
    ],
    [1, 2, [{ path: '', before: 1, after: 2 }]],
    [[], {}, [{ path: '', before: [], after: {} }]],
  ])('%j and %j', (before, after, differences) => expect(differencesOf(before, after)).toEqual(differences));

  test('are none exactly where both are equal', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        expect(differencesOf(one, structuredClone(one))).toEqual([]);
        expect(differencesOf(one, other).length === 0).toBe(isDeepStrictEqual(one, other));
      }),
    );
  });
});

test.each<[JsonValue, [string, number][]]>([
  [21.5, [['', 21.5]]],
  [
    { celsius: 21, fan: { speed: 2 }, name: 'a' },
    [
      ['celsius', 21],
      ['fan.speed', 2],
    ],
  ],
  [[3, 'x'], [['0', 3]]],
  ['21', []],
])('the numbers in %j', (value, numbers) => expect([...numbersIn(value)]).toEqual(numbers));
