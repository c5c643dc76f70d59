import { describe, expect, test } from 'vitest';
import { displayWidth, folded, item, padded } from '../../../app/terminal/layout.ts';

describe('displayWidth', () => {
  test.each([
    ['', 0],
    ['plain', 5],
    ['Дисплей', 7],
    ['21.5 °C', 7],
    ['\u001b[31mred\u001b[39m', 3],
    ['\u001b[31mкрасный\u001b[39m', 7],
    ['🌡️ 21', 5],
    ['👨‍👩‍👧', 2],
    ['温度', 4],
    ['e\u0301', 1],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
    expect(displayWidth(padded(text, 12))).toBe(12);
  });
});

const text = 'Температура 温度 of a room 🌡️ that is kept between 19 and 24 degrees, as long as the fan turns';

describe('folded', () => {
  test.each([20, 40, 80, 120])('keeps each word, on lines of at most %i columns', (width) => {
    const lines = folded(text, width, 4);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    expect(lines.map((line) => line.trim()).join(' ')).toBe(text);
    for (const line of lines.slice(1)) expect(line).toMatch(width === 20 ? /^\S/ : /^ {4}\S/);
  });

  test('gives a longer word a line of its own, and keeps the spaces at the start', () => {
    expect(folded(`  at ${'x'.repeat(30)} now`, 20, 2)).toEqual(['  at', 'x'.repeat(30), 'now']);
    expect(folded('', 20, 2)).toEqual(['']);
  });
});

describe('item', () => {
  test('has the description beside the term, or below it where there is little room', () => {
    expect(item('--a', 4, 'of the letters, the first', 29)).toBe('  --a   of the letters, the\n        first');
    expect(item('--a-long-name VALUE', 20, 'of the letters, the first', 40)).toBe(
      '  --a-long-name VALUE\n      of the letters, the first',
    );
  });
});
