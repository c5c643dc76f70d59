import { markTags, piecesOf, weights, xOf, type Scene } from './scene.ts';
import type { Stretch } from './window.ts';

type Brush = CanvasRenderingContext2D;

/** Paints the whole recording as one strip: its worst state at each pixel, and what is shown of it. */
export const paintOverview = (brush: Brush, scene: Scene, height: number, shown: Stretch): void => {
  const { colours, width, lanes, source } = scene;
  const columns = new Uint8Array(Math.ceil(width) + 1);
  for (const lane of lanes) {
    for (const { x, width: length, tag } of piecesOf(scene, lane, scene.stretch.to)) {
      const weight = weights[tag];
      const to = Math.min(columns.length, Math.ceil(x + length));
      for (let column = Math.floor(x); column < to; column += 1) {
        columns[column] = Math.max(columns[column] ?? 0, weight + 1);
      }
    }
  }
  const byWeight = [colours.line, colours.soft.plain, colours.soft.ready, colours.soft.busy, colours.fill.faulty];
  const middle = Math.round(height / 2);
  for (let column = 0; column < width; column += 1) {
    brush.fillStyle = byWeight[columns[column] ?? 0] ?? colours.line;
    brush.fillRect(column, middle - 5, 1, 10);
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
