import type { Layout, StatePlace } from '../layout.ts';

/** Narrowest picture, so that its head is not broken into many lines. */
const minWidth = 480;

const movePlaces = (places: Layout['states'], x: number, y: number): Record<string, StatePlace> =>
  Object.fromEntries(
    Object.entries(places).map(([path, [left, top, width, height, ...shift]]) => [
      path,
      [left + x, top + y, width, height, ...shift],
    ]),
  );

/** Moves everything of a layout. */
export const movedBy = (x: number, y: number, { states, panels, edges, ...size }: Layout): Layout => ({
  ...size,
  states: movePlaces(states, x, y),
  panels: movePlaces(panels, x, y),
  edges: Object.fromEntries(
    Object.entries(edges).map(([key, { points, label, stub }]) => [
      key,
      {
        points: points.map((at, index) => at + (index % 2 === 0 ? x : y)),
        ...(label && { label: [label[0] + x, label[1] + y] as const }),
        ...(stub && { stub: [stub[0] + x, stub[1] + y, stub[2], stub[3]] as const }),
      },
    ]),
  ),
});

interface Put {
  readonly x: number;
  readonly y: number;
  readonly part: Layout;
}

const right = ({ x, part }: Put): number => x + part.width;
const bottom = ({ y, part }: Put): number => y + part.height;

const collide = (one: Put, other: Put): boolean =>
  one.x < right(other) && other.x < right(one) && one.y < bottom(other) && other.y < bottom(one);

/** Places parts side by side and below each other, the highest first, each where it ends highest. */
export const packed = (parts: readonly Layout[], width: number): Layout => {
  const done: Put[] = [];
  for (const part of parts.toSorted((one, other) => other.height - one.height)) {
    const [best] = [0, ...done.map(bottom)]
      .flatMap((y) => [0, ...done.map(right)].map((x) => ({ x, y, part })))
      .filter((put) => right(put) <= width && !done.some((one) => collide(put, one)))
      .toSorted((one, other) => bottom(one) - bottom(other) || one.y - other.y || one.x - other.x);
    if (best) done.push(best);
  }
  const moved = done.map(({ x, y, part }) => movedBy(x, y, part));
  return {
    width: Math.max(...done.map(right)),
    height: Math.max(...done.map(bottom)),
    states: Object.fromEntries(moved.flatMap(({ states }) => Object.entries(states))),
    panels: Object.fromEntries(moved.flatMap(({ panels }) => Object.entries(panels))),
    edges: Object.fromEntries(moved.flatMap(({ edges }) => Object.entries(edges))),
  };
};

/** A picture with room around, above and below its chart. */
export const framed = (
  part: Layout,
  around: number,
  { above, below }: { above: (width: number) => number; below: number },
): Layout => {
  const width = Math.max(part.width + 2 * around, minWidth);
  const top = above(width);
  return { ...movedBy(Math.round((width - part.width) / 2), top, part), width, height: top + part.height + below };
};
