import type { Chart } from '../chart.ts';
import { headOf, margin } from '../head.ts';
import type { Layout } from '../layout.ts';
import { legendHeight } from '../svg.ts';
import { framed, packed } from './pack.ts';
import { asPanel, partsOf } from './parts.ts';
import { inner } from './way.ts';

/** Widest picture whose smallest letters, 11 px, are 9 px high where a README is 846 px wide. */
export const maxWidth = 1030;

/** Space for the parts of a picture. */
export const room = maxWidth - 2 * (margin - inner);

/** Puts the parts of a chart together to a picture, which is wider where one of them is. */
export const joined = (chart: Chart, layouts: readonly Layout[]): Layout => {
  const parts = partsOf(chart);
  const whole = packed(
    layouts.map((layout, index) => asPanel(chart, parts[index], layout)),
    Math.max(room, ...layouts.map(({ width }) => width)),
  );
  return framed(whole, margin - inner, { above: (width) => headOf(chart, width).height, below: legendHeight });
};
