import { expect, test } from 'vitest';
import { failureOf } from '../../machines/lib/failure.ts';

const silent = 'Something failed without saying why';

test('an error that fails again when it is looked at is a failure like any other', () => {
  const unreadable = Object.defineProperty(new Error('x'), 'message', {
    get: () => {
      throw new Error('boom');
    },
  });
  expect(failureOf(unreadable)).toEqual({ name: 'Error', code: 'unexpected', message: silent });
});

test.each([
  ['a text', { name: 'Error', code: 'unexpected', message: 'a text' }],
  [undefined, { name: 'Error', code: 'unexpected', message: silent }],
  [Object.create(null), { name: 'Error', code: 'unexpected', message: silent }],
  [Object.assign(new TypeError('x'), { code: 'EIO' }), { name: 'TypeError', code: 'EIO', message: 'x' }],
])('%o becomes plain data (X8)', (thrown, failure) => {
  expect(failureOf(thrown)).toEqual(failure);
});
