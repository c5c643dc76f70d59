/** Levenshtein distance: the letters to add, drop or change to turn one word into the other. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, wanted] of Array.from(to).entries()) {
      const changed = (row[j] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
};

const maxLength = 100;

/** Finds the known word closest to the one given, in any letter case; `undefined` when none is close. */
export const suggest = (given: string, known: readonly string[]): string | undefined => {
  if (given.length > maxLength) return undefined;
  const ranked = known
    .map((word) => ({ word, letters: distance(given.toLowerCase(), word.toLowerCase()) }))
    .toSorted((a, b) => a.letters - b.letters);
  const [best] = ranked;
  return best && best.letters <= Math.max(1, Math.floor(best.word.length / 2)) ? best.word : undefined;
};

/** Ends the message about an unknown word: the word that is meant, or all that are known. */
export const didYouMean = (given: string, known: readonly string[]): string => {
  const meant = suggest(given, known);
  return meant === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${meant}?`;
};
