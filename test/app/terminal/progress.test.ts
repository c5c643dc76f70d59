import { describe, expect, test } from 'vitest';
import { bytesText, createProgress } from '../../../app/terminal/progress.ts';

const recorder = (isTTY: boolean, columns: number) => {
  const texts: string[] = [];
  return { texts, isTTY, columns, write: (text: string) => texts.push(text) > 0 };
};

const clear = '\r\u001b[2K';

describe('createProgress', () => {
  test('draws one line again and again on a terminal, and leaves nothing', () => {
    const to = recorder(true, 60);
    let now = 0;
    {
      using progress = createProgress(to, {}, () => now);
      progress.show('Waiting');
      progress.show('Packing', 0.5, '1 of 2 files');
      progress.show('Packing', 0.6, 'too soon to be drawn');
      now = 1000;
      progress.show('Packing', 1, '2 of 2 files');
    }
    expect(to.texts).toEqual([
      `${clear}Waiting …`,
      `${clear}Packing  ${'█'.repeat(15)}${'░'.repeat(15)}  50 %  1 of 2 files`,
      `${clear}Packing  ${'█'.repeat(30)} 100 %  2 of 2 files`,
      clear,
    ]);
    for (const text of to.texts) expect(text.slice(clear.length).length).toBeLessThan(60);
  });

  test('has no bar where there is no room for it', () => {
    const to = recorder(true, 20);
    createProgress(to, {}).show('Packing', 0.25, '25 of 100 files');
    expect(to.texts).toEqual([`${clear}Packing  25 %`]);
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('names each step once on a terminal with %j', (env) => {
    const to = recorder(true, 60);
    using progress = createProgress(to, env);
    progress.show('Packing', 0.1);
    progress.show('Packing', 0.9);
    progress.show('Sending');
    expect(to.texts).toEqual(['Packing …\n', 'Sending …\n']);
  });

  test('shows nothing where nobody watches', () => {
    const to = recorder(false, 60);
    using progress = createProgress(to, { FORCE_COLOR: '1' });
    progress.show('Packing', 0.1);
    expect(to.texts).toEqual([]);
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [2_340_000, '2.3 MB'],
  [5e13, '50000.0 GB'],
])('bytesText of %i is %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
