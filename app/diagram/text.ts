/** Sizes of letters, in pixels of the picture. */
export const fontSize = { title: 16, name: 12, exit: 11, row: 11 } as const;

/** Height of a line of text. */
export const lineHeight = { title: 22, name: 16, exit: 14, row: 14 } as const;

export type FontKind = keyof typeof fontSize;

/** Widths of the letters from space to tilde, in thousandths of the font's size, as Helvetica and Arial have them. */
const regular =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584';
const bold =
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584';

const widthsOf = (table: string): number[] => table.split(' ').map(Number);
const widths: Readonly<Record<FontKind, number[]>> = {
  title: widthsOf(bold),
  name: widthsOf(bold),
  exit: widthsOf(bold),
  row: widthsOf(regular),
};

/** Width of a letter that the table does not have, such as an arrow. */
const otherWidth = 1000;

const firstCode = 32;

/** Width of a text, in pixels of the picture. */
export const widthOf = (text: string, kind: FontKind): number => {
  const table = widths[kind];
  let thousandths = 0;
  for (const letter of text) thousandths += table[(letter.codePointAt(0) ?? 0) - firstCode] ?? otherWidth;
  return (thousandths * fontSize[kind]) / 1000;
};

/** Breaks words into lines of at most a width; a longer word has a line of its own. */
export const wrap = (words: readonly string[], kind: FontKind, maxWidth: number): string[] => {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    const longer = line === undefined ? undefined : `${line} ${word}`;
    if (longer !== undefined && widthOf(longer, kind) <= maxWidth) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
};
