import type { JsonValue } from '../../../services/json.ts';

/** Deepest nesting that is read: what writes JSON again recurses, and would overflow its stack. */
const maxDepth = 200;

const isTooDeep = (text: string): boolean => {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isInString && character === '\\') at += 1;
    else if (character === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
};

/** Reads JSON from outside. @throws {SyntaxError} It is no JSON, or nested deeper than 200 levels. */
export const parseJson = (text: string): JsonValue => {
  if (isTooDeep(text)) throw new SyntaxError(`The JSON is nested deeper than ${maxDepth} levels.`);
  return JSON.parse(text) as JsonValue;
};
