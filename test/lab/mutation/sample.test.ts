import { expect, test } from 'vitest';
import { isEquivalent } from './equivalent.ts';
import { kinds } from './mutant.ts';
import { allMutants, sampleOf } from './mutants.ts';
import { survivorText } from './report.ts';
import { tryMutants } from './trial.ts';

test('20 mutants of every kind are noticed by the tests of their machines', async () => {
  const mutants = sampleOf(
    allMutants().filter((mutant) => !isEquivalent(mutant)),
    20,
    1,
  );
  expect(new Set(mutants.map(({ kind }) => kind))).toEqual(new Set(kinds));
  const verdicts = await tryMutants(mutants, { lanes: 2 });
  const survivors = verdicts.filter(({ fate }) => fate === 'survived');
  expect(survivors.map(({ mutant }) => survivorText(mutant))).toEqual([]);
  expect(verdicts).toHaveLength(20);
}, 1_200_000);
