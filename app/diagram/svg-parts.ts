/** A text that stands for itself in XML, in attributes too. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Attributes of an element, without those that are `undefined`. */
export const attributes = (values: Readonly<Record<string, string | number | undefined>>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');

type Point = readonly [x: number, y: number];

/** Radius of a line's corners. */
const radius = 5;

const towards = ([x, y]: Point, [toX, toY]: Point): string => {
  const step = Math.min(radius, (Math.abs(toX - x) + Math.abs(toY - y)) / 2);
  return `${x + Math.sign(toX - x) * step} ${y + Math.sign(toY - y) * step}`;
};

/** A line with round corners. */
export const pathOf = (points: readonly number[]): string => {
  const corners = points.flatMap((x, index): Point[] => (index % 2 === 0 ? [[x, points[index + 1] ?? 0]] : []));
  return corners
    .map((at, index) => {
      const [before, after] = [corners[index - 1], corners[index + 1]];
      if (!before) return `M${at.join(' ')}`;
      if (!after) return `L${at.join(' ')}`;
      return `L${towards(at, before)}Q${at.join(' ')} ${towards(at, after)}`;
    })
    .join('');
};

/** The head of each line's arrow. */
export const arrow =
  '<defs><marker id="arrow" viewBox="0 0 8 8" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" refX="8" refY="4" orient="auto"><path d="M0 0.8 8 4 0 7.2z"/></marker></defs>';
