import { describe, expect, test } from 'vitest';
import { failureOf, PepeunitError, textOf } from '../../services/errors.ts';

const throwing = () => {
  throw new Error('boom');
};

const unreadable: Readonly<Record<string, unknown>> = {
  'an object without a prototype': Object.create(null),
  'an object whose text throws': { toString: throwing },
  'an error whose message throws': Object.defineProperty(new Error('x'), 'message', { get: throwing }),
  'an error whose name throws': Object.defineProperty(new Error('x'), 'name', { get: throwing }),
  'a proxy that refuses everything': new Proxy({}, { get: throwing, getPrototypeOf: throwing }),
};

describe.each(Object.entries(unreadable))('%s', (_, thrown) => {
  test('is a failure like any other', () => {
    const { name, code, message } = failureOf(thrown);
    expect([typeof name, code, typeof message]).toEqual(['string', 'unexpected', 'string']);
  });

  test('has a text', () => {
    expect(typeof textOf(thrown)).toBe('string');
  });
});

test('a failure says what was thrown', () => {
  expect(failureOf(new PepeunitError('x', 'y'))).toEqual({ name: 'PepeunitError', code: 'x', message: 'y' });
  expect(failureOf(new TypeError('y'))).toEqual({ name: 'TypeError', code: 'unexpected', message: 'y' });
  expect(failureOf(undefined)).toEqual({ name: 'Error', code: 'unexpected', message: 'undefined' });
  expect(failureOf(Symbol('y'))).toEqual({ name: 'Error', code: 'unexpected', message: 'Symbol(y)' });
  expect(failureOf(Object.assign(new Error('x'), { message: { not: 'a text' } })).message).toBe('[object Object]');
});

const silent = 'Something failed without saying why';

test.each([
  ['a text', { name: 'Error', code: 'unexpected', message: 'a text' }],
  [new Error(''), { name: 'Error', code: 'unexpected', message: silent }],
  [Object.assign(new TypeError('x'), { code: 'EIO' }), { name: 'TypeError', code: 'EIO', message: 'x' }],
  [Object.assign(new TypeError('x'), { code: 5 }), { name: 'TypeError', code: 'unexpected', message: 'x' }],
])('%o becomes plain data', (thrown, failure) => {
  expect(failureOf(thrown)).toEqual(failure);
});
