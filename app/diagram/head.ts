import { rowsOf } from './box.ts';
import type { Chart } from './chart.ts';
import { lineHeight, wrap, type FontKind } from './text.ts';

/** Space between the edge of a picture and what is in it. */
export const margin = 16;

/** What stands above a chart. */
export interface Head {
  readonly lines: readonly { readonly text: string; readonly kind: FontKind }[];
  readonly height: number;
}

const listOf = (intro: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : `${intro}: ${items.join(', ')}`.split(' ');

/** What stands above a chart: its name, its description, and what it does in whatever state it is. */
export const headOf = ({ root }: Chart, width: number): Head => {
  const room = width - 2 * margin;
  const rows = (words: readonly string[]) => wrap(words, 'row', room).map((text) => ({ text, kind: 'row' as const }));
  const lines = [
    { text: root.name, kind: 'title' as const },
    ...rows(root.description.split(' ').filter((word) => word !== '')),
    ...rows(listOf('always runs', root.activities)),
    ...rows(
      listOf(
        'in any state',
        rowsOf(root).map(({ text }) => text),
      ),
    ),
  ];
  return { lines, height: lines.reduce((sum, { kind }) => sum + lineHeight[kind], margin) };
};
