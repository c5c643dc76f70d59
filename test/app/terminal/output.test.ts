import { describe, expect, test } from 'vitest';
import { columns, painter } from '../../../app/terminal/output.ts';

const terminal = { isTTY: true, write: () => true };
const file = { write: () => true };

describe('painter', () => {
  test.each([
    ['a terminal', terminal, {}, true],
    ['a file', file, {}, false],
    ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['a terminal with an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['a file with FORCE_COLOR', file, { FORCE_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['a terminal with both', terminal, { FORCE_COLOR: 'true', NO_COLOR: '1' }, true],
  ])('on %s', (_where, output, env, isColoured) => {
    expect(painter(output, env)('red', 'x')).toBe(isColoured ? '\u001b[31mx\u001b[39m' : 'x');
  });
});

describe('columns', () => {
  test('sets cells one below the other, without spaces at the end', () => {
    expect(
      columns([
        ['a', 'bb', 'c'],
        ['aaa', '', ''],
        ['', 'b', 'cc'],
      ]),
    ).toEqual(['a    bb  c', 'aaa', '     b   cc']);
    expect(columns([])).toEqual([]);
  });

  test('breaks the last column between words on a terminal alone', () => {
    const rows = [
      ['ok', 'the broker takes the token'],
      ['failed', 'no answer'],
    ];
    const folded = ['ok      the broker takes the\n        token', 'failed  no answer'];
    expect(columns(rows, { ...terminal, columns: 28 })).toEqual(folded);
    expect(columns(rows, { ...file, columns: 28 })[0]).toBe('ok      the broker takes the token');
  });
});
