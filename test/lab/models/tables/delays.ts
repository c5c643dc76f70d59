/** A delay that doubles with each attempt, by the book: the first one has `firstMs`, none more than `maxMs`. */
export const doubling = (attempts: number, firstMs: number, maxMs: number): number => {
  let ms = firstMs;
  for (let attempt = 1; attempt < attempts && ms < maxMs; attempt += 1) ms += ms;
  return ms < maxMs ? ms : maxMs;
};

/** The first window after a refusal that somebody has to lift, milliseconds. */
export const refusedFirstMs = 60_000;

interface Tries {
  readonly attempts: number;
  readonly waitedMs: number;
  readonly askedMs: number;
  readonly windowMs: number;
}

/** How a commanded request is tried again: after what the server asks for, in a window that doubles up to ten minutes. */
export const triedAgain = (
  { attempts, waitedMs }: Tries,
  { askedMs = 0, firstMs = 5_000 }: { readonly askedMs?: number; readonly firstMs?: number } = {},
): Tries => {
  const windowMs = doubling(attempts + 1, firstMs, 600_000);
  return { attempts: attempts + 1, waitedMs: waitedMs + askedMs + windowMs / 2, askedMs, windowMs };
};
