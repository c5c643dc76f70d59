import { boxOf, boxPadding, labelOf, stubOf, stubPadding, type Line } from './box.ts';
import type { Chart, ChartEdge, ChartState } from './chart.ts';
import { headOf, margin } from './head.ts';
import { listedIn, type EdgePlace, type Layout, type StatePlace } from './layout.ts';
import { style } from './style.ts';
import { arrow, attributes, escaped, pathOf } from './svg-parts.ts';
import { fontSize, lineHeight, widthOf } from './text.ts';

/** A line of text; it takes the width that it was laid out with, whatever font the reader has. */
const text = (
  line: Pick<Line, 'text' | 'kind' | 'label' | 'edge'>,
  x: number,
  y: number,
  anchor?: 'middle',
): string => {
  const about = { 'data-event': line.label?.event, 'data-edge': line.edge };
  const place = { x, y: y + fontSize[line.kind], 'text-anchor': anchor };
  const width = { textLength: Math.round(widthOf(line.text, line.kind)) };
  return `<text${attributes({ class: line.kind, ...place, ...width, ...about })}>${escaped(line.text)}</text>`;
};

/** Lines of text below each other. */
const column = (lines: readonly Line[], left: number, top: number): string[] => {
  let y = top;
  return lines.map((line) => {
    if (line.isBeside === true) y = top;
    const drawn = text(line, left + line.indent, y);
    y += lineHeight[line.kind];
    return drawn;
  });
};

/** Tags that have a colour; the first one of a state colours it. */
const tagClasses = ['faulty', 'busy', 'ready'];

const classesOf = ({ type, tags }: ChartState): string =>
  ['state', type, ...tagClasses.filter((tag) => tags.includes(tag)).slice(0, 1)].join(' ');

const boxText = (state: ChartState, [x, y, width, , shift = 0]: StatePlace, listed: readonly ChartEdge[]): string[] => {
  const { names, rows } = boxOf(state, listed);
  const top = y + boxPadding.y;
  const below = top + names.length * lineHeight.name;
  const isCentred = state.states.length === 0;
  const titles = isCentred
    ? names.map((line, index) => text(line, x + Math.round(width / 2), top + index * lineHeight.name, 'middle'))
    : column(names, x + boxPadding.x + shift, top);
  const rule = `<path class="rule" d="M${x} ${below + 2}h${width}"/>`;
  return [
    ...titles,
    ...(isCentred && rows.length > 0 ? [rule] : []),
    ...column(rows, x + boxPadding.x + shift, below + boxPadding.rows),
  ];
};

const corner = 7;

const frameOf = ({ type, isFirst }: ChartState, [x, y, width, height]: StatePlace): string[] => [
  `<rect${attributes({ x, y, width, height, rx: corner })}/>`,
  ...(type === 'final'
    ? [`<rect${attributes({ x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: corner - 3 })}/>`]
    : []),
  ...(isFirst ? [`<circle class="first" cx="${x}" cy="${y}" r="4.5"/>`] : []),
];

/** A path in `data-paths`, where spaces divide them. */
export const inAttribute = (path: string): string => path.replaceAll(' ', '%20');

const group = (chart: Chart, layout: Layout, state: ChartState, place: StatePlace): string => {
  const own = {
    class: classesOf(state),
    'data-state': `${chart.id}/${state.path}`,
    'data-paths': state.paths.map(inAttribute).join(' '),
  };
  return [
    `<g${attributes(own)}>`,
    ...(state.description === '' ? [] : [`<title>${escaped(state.description)}</title>`]),
    ...frameOf(state, place),
    ...boxText(state, place, listedIn(layout, chart.edges, state.path)),
    '</g>',
  ].join('\n');
};

/** Where a state stands: one may be called as what every object has. */
const placeIn = (places: Layout['states'], { path }: ChartState): StatePlace | undefined =>
  Object.hasOwn(places, path) ? places[path] : undefined;

/** A state and those in it; one that has a panel is closed among its siblings. */
const groupsOf = (chart: Chart, layout: Layout, state: ChartState): string[] => {
  const place = placeIn(layout.states, state);
  const panel = placeIn(layout.panels, state);
  const children = state.states.flatMap((child) => groupsOf(chart, layout, child));
  const closed = { ...state, states: [], type: 'atomic' as const };
  return [
    ...(place ? [group(chart, layout, panel ? closed : state, place)] : []),
    ...(panel ? [group(chart, layout, { ...state, isFirst: false }, panel)] : []),
    ...children,
  ];
};

const stubIn = ({ stub }: EdgePlace, edge: ChartEdge): string[] => {
  if (!stub) return [];
  const [x, y, width, height] = stub;
  return [
    `<rect${attributes({ x, y, width, height, rx: corner })}/>`,
    ...column(stubOf(edge).lines, x + stubPadding.x, y + stubPadding.y),
  ];
};

const edgeOf = (chart: Chart, layout: Layout, edge: ChartEdge): string => {
  const place = layout.edges[edge.key];
  if (!place) return '';
  const [x, y] = place.label ?? [];
  const label = x === undefined || y === undefined ? [] : column(labelOf(edge).lines, x, y);
  const own = { class: 'edge', 'data-edge': `${chart.id}/${edge.key}` };
  return [
    `<g${attributes(own)}>`,
    `<path d="${pathOf(place.points)}"/>`,
    ...label,
    ...stubIn(place, edge),
    '</g>',
  ].join('\n');
};

const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];

/** Height of the line that explains signs and colours. */
export const legendHeight = 24;

const meanings: readonly (readonly [tag: string, meaning: string])[] = [
  ['busy', 'busy'],
  ['ready', 'ready'],
  ['faulty', 'faulty'],
];

const legendOf = ({ root }: Chart, { height }: Layout): string[] => {
  const states = withChildren(root);
  let x = margin;
  const middle = height - legendHeight / 2 - 4;
  const entry = (sign: string, words: string): string => {
    const drawn = sign + text({ text: words, kind: 'row' }, x + 16, middle - 8);
    x += 16 + Math.round(widthOf(words, 'row')) + 18;
    return drawn;
  };
  const first = states.some(({ isFirst }) => isFirst)
    ? [entry(`<circle class="first" cx="${x + 5}" cy="${middle - 1}" r="4.5"/>`, 'entered first')]
    : [];
  const tags = meanings
    .filter(([tag]) => states.some((state) => state.tags.includes(tag)))
    .map(([tag, meaning]) =>
      entry(`<g class="state ${tag}"><rect x="${x}" y="${middle - 6}" width="11" height="11" rx="3"/></g>`, meaning),
    );
  return [...first, ...tags];
};

/**
 * Draws a statechart as SVG, in light or dark as the reader's screen is.
 * For what shows a chart at work, a state's group has `machine/path` in `data-state` and the paths of all states that it
 * stands for in `data-paths` ({@link inAttribute}), a line's group has `machine/from>to` in `data-edge`, and a text about a transition has the
 * type of its event in `data-event`, and in `data-edge` the line that it is about.
 */
export const svgOf = (chart: Chart, layout: Layout): string => {
  const { width, height } = layout;
  let y = margin;
  const head = headOf(chart, width).lines.map((line) => {
    const drawn = text(line, margin, y);
    y += lineHeight[line.kind];
    return drawn;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(`${chart.root.name}: ${chart.root.description}`)}</title>`,
    `<style>${style}</style>`,
    arrow,
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    ...head,
    ...chart.root.states.flatMap((state) => groupsOf(chart, layout, state)),
    ...chart.edges.map((edge) => edgeOf(chart, layout, edge)),
    ...legendOf(chart, layout),
    '</svg>',
    '',
  ].join('\n');
};
