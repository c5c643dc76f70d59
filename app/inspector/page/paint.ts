import type { Lane, Mark, Series } from '../replay/lanes.ts';
import { flagsOf } from './flags.ts';
import { clockText, day, dayText } from './format.ts';
import { markTags, piecesOf, timeAt, xOf, type Scene } from './scene.ts';
import { ticksIn } from './window.ts';

/** Heights of what is painted below each other, in pixels. */
export const rows = { axis: 30, marks: 20, lane: 26, ticks: 26, outbox: 52 } as const;

/** Height of a timeline with so many lanes. */
export const heightOf = (lanes: number): number =>
  rows.axis + rows.marks + lanes * rows.lane + rows.ticks + rows.outbox + 6;

/** Index of the lane at a height; -1 where there is none. */
export const laneAt = (y: number, lanes: number): number => {
  const index = Math.floor((y - rows.axis - rows.marks) / rows.lane);
  return index >= 0 && index < lanes ? index : -1;
};

type Brush = CanvasRenderingContext2D;

const font = (weight: number, size: number): string =>
  `${weight} ${size}px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif`;

const widths = new Map<string, number>();
const widthOf = (brush: Brush, text: string): number => {
  const known = widths.get(text) ?? brush.measureText(text).width;
  widths.set(text, known);
  return known;
};

const paintLane = (brush: Brush, scene: Scene, lane: Lane, top: number): void => {
  const { colours } = scene;
  const height = rows.lane - 5;
  brush.font = font(500, 11.5);
  brush.textBaseline = 'middle';
  for (const { x, width, tag, name, isDense } of piecesOf(scene, lane)) {
    const isLoud = tag === 'faulty' || isDense;
    brush.fillStyle = isLoud ? colours.fill[tag] : colours.soft[tag];
    const inner = Math.max(1, width - (width > 4 ? 1 : 0));
    brush.fillRect(x, top, inner, height);
    if (!isLoud) {
      brush.fillStyle = colours.fill[tag];
      brush.fillRect(x, top + height - 2, inner, 2);
    }
    const shown = [name, name.slice(name.lastIndexOf('.') + 1)].find((one) => widthOf(brush, one) + 12 <= width);
    if (shown === undefined || shown === '') continue;
    brush.fillStyle = isLoud ? colours.on[tag] : colours.text;
    brush.fillText(shown, Math.max(x, 0) + 6, top + height / 2 + 0.5);
  }
};

const paintTicks = (brush: Brush, scene: Scene, series: Series, top: number, height: number, colour: string): void => {
  brush.fillStyle = colour;
  let index = Math.max(0, series.indexAt(scene.stretch.from));
  while (index < series.length) {
    const x = xOf(scene, series.at(index));
    if (x > scene.width) break;
    if (x >= 0) brush.fillRect(Math.round(x), top, 1.5, height);
    index = Math.max(index + 1, series.indexAt(timeAt(scene, x + 1.5)) + 1);
  }
};

// oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- no array
const fillPath = (brush: Brush, path: Path2D): void => brush.fill(path);

const paintDepth = (brush: Brush, scene: Scene, top: number): void => {
  const { colours, source, stretch } = scene;
  const series = source.lanes.outbox;
  const height = rows.outbox - 10;
  const bottom = top + height;
  brush.fillStyle = colours.line;
  brush.fillRect(0, bottom, scene.width, 1);
  const first = Math.max(0, series.indexAt(stretch.from));
  const points: [x: number, depth: number][] = [];
  let most = 0;
  for (let index = first; index < series.length && series.at(index) <= stretch.to;) {
    const x = Math.max(0, xOf(scene, series.at(index)));
    const beyond = Math.max(index + 1, series.indexAt(timeAt(scene, x + 1)));
    let depth = 0;
    for (let one = index; one < beyond; one += 1) depth = Math.max(depth, series.value(one));
    points.push([x, depth]);
    most = Math.max(most, depth);
    index = beyond;
  }
  if (most === 0) return;
  const y = (depth: number): number => bottom - (depth / most) * (height - 12);
  const last = Math.min(scene.width, xOf(scene, scene.endAt));
  const line = new Path2D();
  for (const [index, [x, depth]] of points.entries()) {
    const before = points[index - 1]?.[1] ?? 0;
    if (index === 0) line.moveTo(x, y(depth));
    else line.lineTo(x, y(before));
    line.lineTo(x, y(depth));
  }
  line.lineTo(last, y(points.at(-1)?.[1] ?? 0));
  const area = new Path2D(line);
  area.lineTo(last, bottom);
  area.lineTo(points[0]?.[0] ?? 0, bottom);
  area.closePath();
  brush.fillStyle = colours.soft.faulty;
  fillPath(brush, area);
  brush.strokeStyle = colours.fill.faulty;
  brush.lineWidth = 1.5;
  brush.stroke(line);
  const [peakX = 0] = points.find(([, depth]) => depth === most) ?? [];
  brush.font = font(600, 11);
  brush.textBaseline = 'bottom';
  brush.fillStyle = colours.text;
  const text = String(most);
  brush.fillText(text, Math.min(scene.width - widthOf(brush, text) - 4, Math.max(2, peakX - 4)), y(most) - 1);
};

/** A time as exact as the axis' marks are apart. */
const axisText = (time: number, every: number): string => {
  if (every >= day) return dayText(time).split(',', 1)[0] ?? '';
  return every < 1_000 ? clockText(time) : clockText(time).slice(0, every < 60_000 ? 8 : 5);
};

/** Where the label of the held time stands, `undefined` where none does. */
const heldLabel = (brush: Brush, scene: Scene): { text: string; left: number; width: number } | undefined => {
  const x = xOf(scene, scene.time);
  if (!scene.isHeld || x < -1 || x > scene.width + 1) return undefined;
  brush.font = font(600, 11);
  const text = clockText(scene.time);
  const width = widthOf(brush, text) + 12;
  return { text, left: Math.max(0, Math.min(scene.width - width, x - width / 2)), width };
};

const paintAxis = (brush: Brush, scene: Scene, height: number): void => {
  const { colours, stretch, width } = scene;
  const { every, times } = ticksIn(stretch, Math.max(2, width / 90));
  const held = heldLabel(brush, scene) ?? { left: width, width: 0 };
  brush.font = font(400, 11);
  brush.textBaseline = 'middle';
  for (const time of times) {
    const x = Math.round(xOf(scene, time));
    brush.fillStyle = colours.line;
    brush.fillRect(x, rows.axis - 4, 1, height - rows.axis);
    brush.fillStyle = colours.dim;
    const text = axisText(time, every);
    const end = x + 4 + widthOf(brush, text);
    const isFree = end < held.left || x + 4 > held.left + held.width;
    if (end < width && isFree) brush.fillText(text, x + 4, rows.axis / 2);
  }
};

const paintMarks = (brush: Brush, scene: Scene, marks: readonly Mark[], height: number): void => {
  const { colours, width } = scene;
  const seen = marks
    .map(({ at, what }) => ({ x: Math.round(xOf(scene, at)), what }))
    .filter(({ x }) => x >= 0 && x <= width);
  for (const { x, what } of seen) {
    const tag = markTags[what] ?? 'plain';
    brush.fillStyle = colours.fill[tag];
    brush.globalAlpha = tag === 'faulty' ? 0.8 : 0.45;
    brush.fillRect(x, rows.axis, 1, height - rows.axis);
  }
  brush.globalAlpha = 1;
  brush.font = font(600, 11);
  brush.textBaseline = 'middle';
  for (const flag of flagsOf(seen, width, (text) => widthOf(brush, text))) {
    const tag = markTags[flag.what] ?? 'plain';
    brush.fillStyle = colours.fill[tag];
    brush.beginPath();
    brush.roundRect(flag.left, rows.axis, flag.width, rows.marks - 4, flag.isLeft ? [4, 0, 0, 4] : [0, 4, 4, 0]);
    brush.fill();
    brush.fillStyle = colours.on[tag];
    brush.fillText(flag.what, flag.left + 5, rows.axis + (rows.marks - 4) / 2 + 0.5);
  }
};

const paintCursor = (brush: Brush, scene: Scene, height: number): void => {
  const { colours, time } = scene;
  const label = heldLabel(brush, scene);
  if (!label) return;
  brush.fillStyle = colours.accent;
  brush.fillRect(Math.min(scene.width - 2, Math.round(xOf(scene, time)) - 1), 22, 2, height - 22);
  brush.textBaseline = 'middle';
  brush.beginPath();
  brush.roundRect(label.left, 4, label.width, 20, 5);
  brush.fill();
  brush.fillStyle = colours.paper;
  brush.fillText(label.text, label.left + 6, 14.5);
};

/** Paints a timeline. */
export const paintTimeline = (brush: Brush, scene: Scene): void => {
  const { lanes, colours, width, source } = scene;
  const height = heightOf(lanes.length);
  brush.fillStyle = colours.raised;
  brush.fillRect(0, 0, width, height);
  paintAxis(brush, scene, height);
  let top = rows.axis + rows.marks;
  for (const lane of lanes) {
    if (lane.path === scene.chosen) {
      brush.fillStyle = colours.line;
      brush.fillRect(0, top - 2, width, rows.lane);
    }
    paintLane(brush, scene, lane, top);
    top += rows.lane;
  }
  const half = (rows.ticks - 6) / 2;
  paintTicks(brush, scene, source.lanes.received, top + 2, half, colours.in);
  paintTicks(brush, scene, source.lanes.published, top + 3 + half, half, colours.out);
  paintDepth(brush, scene, top + rows.ticks);
  paintMarks(brush, scene, source.lanes.marks, height);
  paintCursor(brush, scene, height);
};
