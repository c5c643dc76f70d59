import type { JsonValue } from '../../services/json.ts';

/** Most levels of arrays and objects: what is written or walked later recurses over them. */
export const maxLevels = 256;

const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((member) => isWithin(member, levels - 1)));

/** Reads JSON that somebody else has written; `undefined` for what is none, or is nested deeper than `maxLevels`. */
export const foreignJson = (text: string): JsonValue | undefined => {
  try {
    const value = JSON.parse(text) as JsonValue;
    // Each level takes two characters at least.
    return text.length <= 2 * maxLevels || isWithin(value, maxLevels) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
