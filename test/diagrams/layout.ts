import type { Chart } from '../../app/diagram/chart.ts';
import { joined } from '../../app/diagram/elk/joined.ts';
import { layOut } from '../../app/diagram/elk/lay-out.ts';
import { partsOf } from '../../app/diagram/elk/parts.ts';
import type { Way } from '../../app/diagram/elk/way.ts';
import type { Layout } from '../../app/diagram/layout.ts';
import { engine } from './elk.ts';

/** Lays a chart out in a chosen way, one for each of its parts. The same chart gives the same layout. */
export const layoutOf = async (chart: Chart, ways: readonly Way[]): Promise<Layout> => {
  const parts = partsOf(chart);
  if (ways.length !== parts.length) throw new Error(`${chart.id} has new parts: run npm run diagrams`);
  return joined(chart, await Promise.all(parts.map((part, index) => layOut(part, ways[index] as Way, engine))));
};
