import { expect, test } from 'vitest';
import { terminalSvg } from './terminal.ts';

test('what a program has printed is drawn in its colours, and moves up as on a terminal of 24 rows', () => {
  const lines = Array.from({ length: 26 }, (_, n) => ({ at: n, text: n === 0 ? '\u001B[32ma < b\u001B[39m & c' : '' }));
  const picture = terminalSvg('npm start', lines);
  expect(picture).toContain('<tspan fill="#56d364">a &lt; b</tspan> &amp; c</text>');
  expect(picture).toContain('96.00%{transform:translateY(-18px)}100.00%{transform:translateY(-36px)}');
  expect(picture).toContain('.lines{transform:translateY(-36px);');
});

test('a short output stays where it is', () => {
  expect(terminalSvg('true', [{ at: 0, text: 'done' }])).not.toMatch(/translateY\(-[1-9]/);
});
