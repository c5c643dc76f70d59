import { describe, expect, test } from 'vitest';
import { suggest } from '../../../app/client/options/suggestion.ts';

describe('suggest', () => {
  test('finds the nearest word, and none for a strange one', () => {
    const words = ['demo', 'doctor', 'log'];
    expect(suggest('dmeo', words)).toBe('demo');
    expect(suggest('LOG', words)).toBe('log');
    expect(suggest('publish', words)).toBeUndefined();
    expect(suggest('x', [])).toBeUndefined();
  });
});
