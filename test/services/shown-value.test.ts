import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { failureOf, RestError } from '../../services/errors.ts';
import { shownValue } from '../../services/shown-value.ts';

const cyclic: Record<string, unknown> = { name: 'я 🔑' };
cyclic['self'] = cyclic;
/** Made when a test runs: its title would read the getter. */
const throwing = () => ({
  get bad(): never {
    throw new Error('a getter');
  },
});

test.each<[unknown, string]>([
  ['a text\n', 'a text\n'],
  [
    { celsius: 21.5, at: new Date(0), list: [1, null, undefined] },
    '{"celsius":21.5,"at":"1970-01-01T00:00:00.000Z","list":[1,null,null]}',
  ],
  [[1, 'b'], '[1,"b"]'],
  [cyclic, '{"name":"я 🔑","self":"(itself)"}'],
  [
    new Map<unknown, unknown>([
      ['a', 1n],
      [{ b: 1 }, new Set([2])],
    ]),
    '{"a":"1n","{\\"b\\":1}":[2]}',
  ],
  [{ nan: Number.NaN, end: Infinity }, '{"nan":"NaN","end":"Infinity"}'],
  [12n, '12n'],
  [Number.NaN, 'NaN'],
  [undefined, 'undefined'],
  [null, 'null'],
  [true, 'true'],
  [Symbol('s'), 'Symbol(s)'],
  [new Uint8Array(3), '(Uint8Array of 3 bytes)'],
  [new URL('https://a.b/c'), 'https://a.b/c'],
  [/x/g, '/x/g'],
  [Object.create(null), '{}'],
  [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  [
    new RestError('timeout', 'No answer.', { cause: new TypeError('fetch failed') }),
    'RestError: No answer., caused by TypeError: fetch failed',
  ],
  [new Error('x', { cause: { code: 7 } }), 'Error: x, caused by {"code":7}'],
  [{ error: new RangeError('far') }, '{"error":{"name":"RangeError","message":"far"}}'],
])('%o is shown for people', (value, text) => {
  expect(shownValue(value)).toBe(text);
});

test('an object whose getter throws is shown as one', () => {
  expect(shownValue(throwing())).toBe("(object that can't be shown)");
  expect(shownValue({ inner: throwing(), ok: 1 })).toBe(`{"inner":"(object that can't be shown)","ok":1}`);
});

test('a cycle of causes, and what is deep, wide or long, is bounded', () => {
  const error = new Error('round');
  error.cause = error;
  let deep: unknown = 'end';
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  const wide = Object.fromEntries([...Array(100_000).keys()].map((key) => [`k${key}`, key]));
  const bushy = (depth: number): unknown => (depth === 0 ? 1 : Array.from({ length: 99 }, () => bushy(depth - 1)));
  for (const value of [error, deep, wide, Array(1e6).fill(wide), { text: 'x'.repeat(1e6) }, bushy(3)]) {
    expect(shownValue(value).length).toBeLessThan(30_000);
  }
  expect(shownValue(wide)).toContain('"…":"99900 more"');
});

test('never throws, whatever it is given', () => {
  const proxy = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const value of [
    proxy,
    revoked.proxy,
    {
      toJSON: () => {
        throw new Error('no');
      },
    },
  ]) {
    expect(shownValue(value)).toMatch(/can't be shown/);
  }
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withNullPrototype: true }), (value) => {
      expect(typeof shownValue(value)).toBe('string');
    }),
  );
});

test('a thrown object is told by what it holds', () => {
  expect(failureOf({ reason: 'no sensor' }).message).toBe('{"reason":"no sensor"}');
});
