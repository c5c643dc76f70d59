/** How many letters to add, drop or change to make one word of another (Levenshtein). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, wanted] of [...to].entries()) {
      const changed = (row[j] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
};

/** The known word that is most like the one given; `undefined` when none is close. */
export const suggest = (given: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((word) => ({ word, letters: distance(given.toLowerCase(), word) }))
    .toSorted((a, b) => a.letters - b.letters);
  const [best] = ranked;
  return best && best.letters <= Math.max(1, Math.floor(best.word.length / 2)) ? best.word : undefined;
};
