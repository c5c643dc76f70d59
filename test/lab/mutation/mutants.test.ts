import { describe, expect, test } from 'vitest';
import { equivalents, isNamedBy } from './equivalent.ts';
import { applyEdits, kinds, type Kind } from './mutant.ts';
import { allMutants, identityOf, mutantsIn, sampleOf, sourceFiles } from './mutants.ts';

const lamp = `
import { setup } from 'xstate';
export const lamp = setup({
  types: { context: {} as { isBroken: false } },
  actions: { burn: assign({ isHot: true }) },
  delays: { offAfter: 1000, coolAfter: ({ context }) => context.ms },
}).createMachine({
  description: 'Burns for 3 seconds.',
  initial: 'off',
  states: {
    off: { on: { toggle: { target: 'on', actions: [{ type: 'burn' }, { type: 'glow' }] } } },
    on: {
      entry: ['burn'],
      always: [{ guard: 'isBroken', target: 'off' }, { target: 'cold' }],
      invoke: { src: 'light', onDone: { actions: ['burn'] }, onError: { target: 'off' } },
      after: { offAfter: { target: '#lamp.off' }, coolAfter: burnt('off') },
    },
    cold: {},
  },
});
`;

const changesOf = (source: string, kind: Kind): [was: string, becomes: string][] =>
  mutantsIn('lamp.ts', source)
    .filter((mutant) => mutant.kind === kind)
    .map(({ was, becomes }) => [was, becomes]);

describe('faults of a chart', () => {
  test.each<[Kind, [was: string, becomes: string][]]>([
    [
      'drop transition',
      [
        ["toggle: { target: 'on', actions: [{ type: 'burn' }, { type: 'glow' }] }", ''],
        ["{ guard: 'isBroken', target: 'off' }", ''],
        ["{ target: 'cold' }", ''],
        ["onDone: { actions: ['burn'] }", ''],
        ["offAfter: { target: '#lamp.off' }", ''],
        ["coolAfter: burnt('off')", ''],
      ],
    ],
    [
      'retarget transition',
      [
        ["target: 'on'", "target: 'cold'"],
        ["target: 'off'", "target: 'cold'"],
        ["target: 'cold'", "target: 'off'"],
        ["target: 'off'", "target: 'cold'"],
      ],
    ],
    ['drop guard', [["guard: 'isBroken'", '']]],
    ['negate guard', [["guard: 'isBroken'", "guard: isNot('isBroken' as never)"]]],
    [
      'drop action',
      [
        ["{ type: 'burn' }", ''],
        ["{ type: 'glow' }", ''],
        ["'burn'", ''],
      ],
    ],
    [
      'reorder actions',
      [["actions: [{ type: 'burn' }, { type: 'glow' }]", "actions: [{ type: 'glow' }, { type: 'burn' }]"]],
    ],
    [
      'slow delay',
      [
        ['offAfter: 1000', 'offAfter: 10 * (1000)'],
        ['coolAfter: ({ context }) => context.ms', 'coolAfter: ({ context }) => 10 * (context.ms)'],
      ],
    ],
    ['drop error branch', [["onError: { target: 'off' }", '']]],
    ['drop entry or exit', [["entry: ['burn']", '']]],
    ['change constant', [['true', 'false']]],
  ])('%s', (kind, changes) => {
    expect(changesOf(lamp, kind)).toEqual(changes);
  });
});

describe('faults of a function', () => {
  test.each<[Kind, string, string[]]>([
    ['negate condition', 'const f = () => { if (a) b(); };', ['!(a)']],
    ['negate condition', 'const f = () => (a ? b : c);', ['!(a)']],
    ['negate condition', 'const isDue = () => now.has(a);', ['!(now.has(a))']],
    ['negate condition', 'const f = () => ({ ...(a && b) });', ['!(a)']],
    ['drop operand', 'const isDue = () => a && b;', ['a', 'b']],
    ['drop operand', 'const f = () => a || 1;', ['a', '1']],
    ['swap comparison', 'const f = (a === b) + (a < b) + (a >= b);', ['a !== b', 'a <= b', 'a > b']],
    ['drop statement', 'const f = () => { a(); if (b) return; for (const c of d) e(c); };', [';', ';', ';', ';']],
    ['drop element', 'const f = [a, ...b];', ['', '']],
    ['change constant', 'const f = 0 + 5_000 + 0x80; type T = 7;', ['1', '10000', '256']],
  ])('%s: %s', (kind, source, become) => {
    expect(changesOf(source, kind).map(([, becomes]) => becomes)).toEqual(become);
  });

  test('descriptions, types and imports have none', () => {
    const source = "import { a } from '1'; type T = true; interface I { a: 1 } const a = { description: b || 1 };";
    expect(mutantsIn('a.ts', source)).toEqual([]);
  });
});

describe('the mutants of the machines', () => {
  const mutants = allMutants();

  test('are more than a thousand, in every file that decides, of every kind', () => {
    expect(mutants.length).toBeGreaterThan(1000);
    expect(new Set(mutants.map(({ kind }) => kind))).toEqual(new Set(kinds));
    const without = new Set(sourceFiles());
    for (const { file } of mutants) without.delete(file);
    expect([...without].filter((file) => !/\/(slot|failure|failure-lines|restoring|emitted)\.ts$/.test(file))).toEqual(
      [],
    );
  });

  test('a sample has every kind, and is the same for the same seed', () => {
    const sample = sampleOf(mutants, 20, 7);
    expect(sample).toHaveLength(20);
    expect(new Set(sample.map(({ kind }) => kind))).toEqual(new Set(kinds));
    expect(sampleOf(mutants, 20, 7)).toEqual(sample);
    const others = mutants.filter((mutant) => mutant !== sample.at(-1));
    expect(sampleOf(others, 20, 7).map(identityOf).slice(0, 19)).toEqual(sample.map(identityOf).slice(0, 19));
  });

  test('an equivalent one is named only as long as there is such a mutant', () => {
    const gone = equivalents.filter((entry) => !mutants.some((mutant) => isNamedBy(entry, mutant)));
    expect(gone).toEqual([]);
  });
});

test('edits of one text do not move each other', () => {
  const edits = [
    { start: 0, end: 0, text: '>' },
    { start: 2, end: 3, text: 'three' },
  ];
  expect(applyEdits('abc', edits)).toBe('>abthree');
});
