import { stripVTControlCharacters } from 'node:util';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What takes two columns: emoji, and the letters of East Asia. */
const wide =
  /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

const isPlain = (text: string): boolean => /^[\u0020-\u007E]*$/.test(text);

/** Counts the columns of a terminal that a text takes; its colours take none. */
export const displayWidth = (text: string): number => {
  if (isPlain(text)) return text.length;
  const shown = stripVTControlCharacters(text);
  if (isPlain(shown)) return shown.length;
  return [...graphemes.segment(shown)].reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0);
};

/** Adds spaces up to a number of columns. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));

/** Least columns that the lines after the first keep for their text. */
const leastText = 20;

/**
 * Breaks a text between words into lines of at most `width` columns; only a longer word makes a longer line.
 *
 * @param indent Spaces before the second line and those after it: fewer where too little would be left of the line.
 */
export const folded = (text: string, width: number, indent: number): string[] => {
  const space = ' '.repeat(Math.min(indent, Math.max(0, width - leastText)));
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(/ *[^ ]+/g)) {
    if (line.trim() !== '' && displayWidth(line + word) > width) {
      lines.push(line);
      line = space + word.trimStart();
    } else line += word;
  }
  return [...lines, line];
};

/**
 * Lays out a term and what is said of it: beside it from a common column on, or below it where that leaves too few columns.
 *
 * @param termWidth Columns of the longest term of the list.
 */
export const item = (term: string, termWidth: number, description: string, width: number): string => {
  const column = 2 + termWidth + 2;
  if (width - column >= leastText)
    return folded(`  ${padded(term, termWidth)}  ${description}`, width, column).join('\n');
  return [`  ${term}`, ...folded(`      ${description}`, width, 6)].join('\n');
};
