import type { ChartEdge } from '../chart.ts';
import type { Layout } from '../layout.ts';
import { graphOf } from './graph.ts';
import { movedBy } from './pack.ts';
import type { Part } from './parts.ts';
import { clear, placed } from './places.ts';
import { inner, type Engine, type Way } from './way.ts';

const withMargin = (layout: Layout, margin: number): Layout => ({
  ...movedBy(margin, margin, layout),
  width: layout.width + 2 * margin,
  height: layout.height + 2 * margin,
});

/** Lays a part out in one way. @throws What the engine throws. */
export const layOut = async (part: Part, way: Way, engine: Engine): Promise<Layout> => {
  const lined = part.edges.filter((edge) => !part.isStubbed(edge));
  const isListed = (edge: ChartEdge): boolean =>
    !part.isStubbed(edge) && lined.filter(({ from }) => from === edge.from).length > way.maxLabelled;
  const graph = await engine(graphOf({ ...part, way, isListed }));
  const layout = clear(
    part,
    (path) => part.edges.filter((edge) => edge.from === path && isListed(edge)),
    placed(graph),
  );
  return part.frame ? withMargin(layout, inner) : layout;
};
