import type { Chart } from '../../app/diagram/chart.ts';
import type { Layout } from '../../app/diagram/layout.ts';
import { joined, room } from '../../app/diagram/elk/joined.ts';
import { layOut } from '../../app/diagram/elk/lay-out.ts';
import { partsOf, withChildren, type Part } from '../../app/diagram/elk/parts.ts';
import type { Way } from '../../app/diagram/elk/way.ts';
import { engine } from './elk.ts';

/** From how many lines on a state lists them in its box, most first: with fewer labels a picture is narrower. */
const mostLabelled = [99, 4, 3, 2, 1, 0];

const directions: readonly Omit<Way, 'isStartFirst' | 'maxLabelled'>[] = [
  { direction: 'DOWN', cycles: 'GREEDY', keeps: 'NONE' },
  { direction: 'DOWN', cycles: 'MODEL_ORDER', keeps: 'NONE' },
  { direction: 'DOWN', cycles: 'MODEL_ORDER', keeps: 'PREFER_EDGES' },
  { direction: 'RIGHT', cycles: 'MODEL_ORDER', keeps: 'NONE' },
];

interface Try {
  readonly way: Way;
  readonly layout: Layout;
  readonly cost: number;
}

const lengthOf = (points: readonly number[]): number =>
  points.slice(2).reduce((sum, at, index) => sum + Math.abs(at - (points[index] ?? 0)), 0);

/** How far the states that are entered first are from where one starts to read. */
const startsOf = ({ states }: Part, layout: Layout): number =>
  states
    .flatMap(withChildren)
    .filter(({ isFirst }) => isFirst)
    .reduce((sum, { path }) => {
      const [x, y] = layout.states[path] ?? [0, 0];
      const [left, top] = layout.states[path.split('.').slice(0, -1).join('.')] ?? [0, 0];
      return sum + Math.min(x - left, y - top);
    }, 0);

/** How hard a layout is to read: long lines, corners, height, starts that are not at the top. */
const costOf = (part: Part, layout: Layout): number =>
  Object.values(layout.edges).reduce(
    (sum, { points }) => sum + lengthOf(points) + 15 * points.length,
    4 * layout.height + 8 * startsOf(part, layout),
  );

/** A layout, unless the engine has none: some wishes contradict each other. */
const tried = (part: Part, way: Way): Promise<Try | undefined> =>
  layOut(part, way, engine).then(
    (layout) => ({ way, layout, cost: costOf(part, layout) }),
    () => undefined,
  );

/** Finds the best layout of a part for a width: the one with the most labels that is narrow enough, then the clearest. */
const chooser = (part: Part) => {
  const tries = new Map<number, Promise<(Try | undefined)[]>>();
  const triesWith = (maxLabelled: number) => {
    const known =
      tries.get(maxLabelled) ??
      Promise.all(
        directions.flatMap((way) =>
          [true, false].map((isStartFirst) => tried(part, { ...way, isStartFirst, maxLabelled })),
        ),
      );
    tries.set(maxLabelled, known);
    return known;
  };
  return async (width: number): Promise<Try | undefined> => {
    for (const maxLabelled of mostLabelled) {
      const [best] = (await triesWith(maxLabelled))
        .filter((one) => one !== undefined)
        .filter(({ layout }) => layout.width <= width)
        .toSorted((one, other) => one.cost - other.cost);
      if (best) return best;
    }
    return undefined;
  };
};

/** Chooses how each part of a chart is laid out, so that the picture is as low as it can be. */
export const waysFor = async (chart: Chart): Promise<Way[]> => {
  const choosers = partsOf(chart).map(chooser);
  const whole = await Promise.all(choosers.map((choose) => choose(room)));
  const largest = whole.reduce((one, other) => ((other?.cost ?? 0) > (one?.cost ?? 0) ? other : one), whole[0]);
  const candidates: Try[][] = [];
  for (const width of [room, room - (largest?.layout.width ?? 0), Math.floor(room / 2), Math.floor(room / 3)]) {
    const narrow = await Promise.all(choosers.map((choose) => choose(width)));
    const all = whole.map((one, index) => (one === largest ? one : (narrow[index] ?? one)));
    if (all.every((one) => one !== undefined)) candidates.push(all);
  }
  const [best] = candidates
    .map((all) => ({
      all,
      ...joined(
        chart,
        all.map(({ layout }) => layout),
      ),
    }))
    .toSorted((one, other) => one.height - other.height);
  if (!best) throw new Error(`No layout of ${chart.id} is at most ${room} px wide`);
  return best.all.map(({ way }) => way);
};
