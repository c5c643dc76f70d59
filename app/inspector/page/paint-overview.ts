import { markTags, piecesOf, xOf, type Scene } from './scene.ts';
import type { Stretch } from './window.ts';

type Brush = CanvasRenderingContext2D;

/** Paints the whole recording as one strip, a thin row for each machine, and what is shown of it. */
export const paintOverview = (brush: Brush, scene: Scene, height: number, shown: Stretch): void => {
  const { colours, width, lanes, source } = scene;
  const middle = Math.round(height / 2);
  const row = Math.max(1, Math.min(3, Math.floor((height - 4) / Math.max(1, lanes.length))));
  const top = middle - Math.ceil((row * lanes.length) / 2);
  for (const [index, lane] of lanes.entries()) {
    for (const { x, width: length, tag } of piecesOf(scene, lane)) {
      brush.fillStyle = tag === 'faulty' ? colours.fill[tag] : colours.soft[tag];
      brush.fillRect(x, top + index * row, Math.max(1, length), row);
    }
  }
  for (const { at, what } of source.lanes.marks) {
    brush.fillStyle = colours.fill[markTags[what] ?? 'plain'];
    brush.fillRect(Math.round(xOf(scene, at)), middle - 9, 1.5, 18);
  }
  const [left, right] = [xOf(scene, shown.from), xOf(scene, shown.to)];
  brush.strokeStyle = colours.dim;
  brush.lineWidth = 1;
  if (right - left < width - 2)
    brush.strokeRect(Math.max(0.5, left), middle - 9.5, Math.min(width - 1, right) - Math.max(0.5, left), 19);
  const x = Math.min(width - 5, Math.max(5, xOf(scene, scene.time)));
  brush.fillStyle = colours.accent;
  brush.fillRect(x - 1, middle - 12, 2, 24);
  brush.beginPath();
  brush.arc(x, middle, 5, 0, 2 * Math.PI);
  brush.fill();
};
