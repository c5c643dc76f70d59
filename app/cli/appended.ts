/** The lines that came to the end of a list whose start may have been cut off meanwhile. */
export const appended = (before: readonly string[], now: readonly string[]): readonly string[] => {
  for (let cut = 0; cut < before.length; cut += 1) {
    const kept = before.length - cut;
    if (kept <= now.length && before.slice(cut).every((line, index) => line === now[index])) return now.slice(kept);
  }
  return now;
};
