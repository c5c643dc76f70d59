import type { Chart } from '../../app/diagram/chart.ts';
import { headOf, margin } from '../../app/diagram/head.ts';
import type { Layout } from '../../app/diagram/layout.ts';
import { legendHeight } from '../../app/diagram/svg.ts';
import { inner, layOut, type Way } from './elk.ts';
import { framed, packed } from './pack.ts';
import { asPanel, partsOf } from './parts.ts';

/** Widest picture whose smallest letters, 11 px, are 9 px high where a README is 846 px wide. */
export const maxWidth = 1030;

/** Space for the parts of a picture. */
export const room = maxWidth - 2 * (margin - inner);

/** Puts the parts of a chart together to a picture. */
export const joined = (chart: Chart, layouts: readonly Layout[]): Layout => {
  const parts = partsOf(chart);
  const whole = packed(
    layouts.map((layout, index) => asPanel(chart, parts[index], layout)),
    room,
  );
  return framed(whole, margin - inner, { above: (width) => headOf(chart, width).height, below: legendHeight });
};

/** Lays a chart out in a chosen way, one for each of its parts. The same chart gives the same layout. */
export const layoutOf = async (chart: Chart, ways: readonly Way[]): Promise<Layout> => {
  const parts = partsOf(chart);
  if (ways.length !== parts.length) throw new Error(`${chart.id} has new parts: run npm run diagrams`);
  return joined(chart, await Promise.all(parts.map((part, index) => layOut(part, ways[index] as Way))));
};
