import { seeded } from '../../support/seeded.ts';

/** Whether all of the matrix is to be run, or a sample of it. */
export const isWhole = process.env['LAB'] === 'kill-matrix';

const sampleSeed = 20_260;

/** All of a list, or about so many of it, the same in each run. */
export const sampled = <T>(all: readonly T[], size: number): T[] => {
  if (isWhole || all.length <= size) return [...all];
  const random = seeded(sampleSeed);
  return all.filter((_, at) => at === 0 || at === all.length - 1 || random() < size / all.length);
};
