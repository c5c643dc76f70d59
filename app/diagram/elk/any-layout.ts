import type { Chart } from '../chart.ts';
import type { Layout } from '../layout.ts';
import { joined } from './joined.ts';
import { layOut } from './lay-out.ts';
import { partsOf, type Part } from './parts.ts';
import type { Engine, Way } from './way.ts';

const way: Way = { direction: 'DOWN', cycles: 'GREEDY', keeps: 'NONE', isStartFirst: true, maxLabelled: 4 };

/** States that are entered first can't always come first. */
const laidOut = (part: Part, engine: Engine): Promise<Layout> =>
  layOut(part, way, engine).catch(() => layOut(part, { ...way, isStartFirst: false }, engine));

/** Lays out a chart that nobody has looked at before. @throws What the engine throws. */
export const anyLayout = async (chart: Chart, engine: Engine): Promise<Layout> =>
  joined(chart, await Promise.all(partsOf(chart).map((part) => laidOut(part, engine))));
