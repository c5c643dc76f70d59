import type { ElkNode, ElkPort } from 'elkjs/lib/elk.bundled.js';
import { margin } from '../../app/diagram/head.ts';
import { style } from '../../app/diagram/style.ts';
import { fontSize, lineHeight, widthOf, wrap, type FontKind } from '../../app/diagram/text.ts';
import { arrow, attributes, escaped, pathOf } from '../../app/diagram/svg-parts.ts';
import { pointsOf } from '../../app/diagram/elk/places.ts';
import { engine } from './elk.ts';
import type { RoutingChart } from './routing.ts';

const padding = { x: 9, y: 5 } as const;

interface Row {
  readonly box: string;
  readonly text: string;
}

const portOf = (side: string, { box, text }: Row): string => `${side}/${box}/${text}`;

/** The rows of a column by their boxes. */
const boxesOf = (rows: readonly Row[]): [box: string, rows: Row[]][] =>
  [...new Set(rows.map(({ box }) => box))].map((box) => [box, rows.filter((row) => row.box === box)]);

const rowsTop = padding.y + lineHeight.name + 5;

const nodesOf = (side: 'from' | 'to', rows: readonly Row[]): ElkNode[] => {
  const width = Math.ceil(Math.max(...rows.map(({ text }) => widthOf(text, 'row')))) + 2 * padding.x;
  return boxesOf(rows).map(([box, own]) => ({
    id: `${side}/${box}`,
    width,
    height: rowsTop + own.length * lineHeight.row + padding.y,
    layoutOptions: {
      'elk.portConstraints': 'FIXED_POS',
      'elk.layered.layering.layerConstraint': side === 'from' ? 'FIRST' : 'LAST',
    },
    ports: own.map((row, index): ElkPort => ({
      id: portOf(side, row),
      x: side === 'from' ? width : 0,
      y: rowsTop + (index + 0.5) * lineHeight.row,
      width: 0,
      height: 0,
      layoutOptions: { 'elk.port.side': side === 'from' ? 'EAST' : 'WEST' },
    })),
  }));
};

const graphOf = ({ senders, routes, receivers, lines }: RoutingChart): ElkNode => ({
  id: 'root',
  layoutOptions: {
    'elk.algorithm': 'layered',
    'elk.direction': 'RIGHT',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.randomSeed': '1',
    'elk.padding': '[top=0,left=16,bottom=16,right=16]',
    'elk.spacing.nodeNode': '14',
    'elk.spacing.edgeEdge': '6',
    'elk.spacing.edgeNode': '10',
    'elk.layered.spacing.nodeNodeBetweenLayers': '24',
    'elk.layered.spacing.edgeNodeBetweenLayers': '11',
    'elk.layered.spacing.edgeEdgeBetweenLayers': '6',
    'elk.layered.thoroughness': '30',
  },
  children: [
    ...nodesOf('from', senders),
    ...routes.map((route) => ({
      id: `route/${route}`,
      width: Math.ceil(widthOf(route, 'name')) + 2 * padding.x,
      height: lineHeight.name + 2 * padding.y,
    })),
    ...nodesOf('to', receivers),
  ],
  edges: lines.map(({ row, route, side }, index) => ({
    id: String(index),
    sources: [side === 'from' ? portOf(side, row) : `route/${route}`],
    targets: [side === 'from' ? `route/${route}` : portOf(side, row)],
  })),
});

const text = (content: string, kind: FontKind, x: number, y: number, anchor?: 'middle'): string => {
  const place = { x: Math.round(x), y: Math.round(y + fontSize[kind]), 'text-anchor': anchor };
  const width = { textLength: Math.round(widthOf(content, kind)) };
  return `<text${attributes({ class: kind, ...place, ...width })}>${escaped(content)}</text>`;
};

const boxOf = (
  { x = 0, y = 0, width = 0, height = 0 }: ElkNode,
  name: string,
  rows: readonly string[],
  tag = '',
): string => {
  const place = { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height), rx: 7 };
  return [
    `<g class="state ${tag}">`,
    `<rect${attributes(place)}/>`,
    text(name, 'name', x + width / 2, y + padding.y, 'middle'),
    ...rows.map((row, index) => text(row, 'row', x + padding.x, y + rowsTop + index * lineHeight.row)),
    '</g>',
  ].join('\n');
};

const explanation =
  'What happens at the left takes a route of the unit, which sends messages to the children at the right.';

/** Draws who brings which route of the unit about, and what each route sends to whom. */
export const drawRouting = async (chart: RoutingChart): Promise<string> => {
  const { width = 0, height = 0, children = [], edges = [] } = await engine(graphOf(chart));
  const intro = wrap(
    `${explanation} The unit forwards as they are: ${chart.forwarded.join(', ')}.`.split(' '),
    'row',
    width - 2 * margin,
  );
  const headHeight = margin + lineHeight.title + intro.length * lineHeight.row + margin;
  const nodeOf = (id: string): ElkNode => {
    const node = children.find((one) => one.id === id);
    return { id, ...node, y: (node?.y ?? 0) + headHeight };
  };
  const column = (side: 'from' | 'to', rows: readonly Row[]): string[] =>
    boxesOf(rows).map(([box, own]) =>
      boxOf(
        nodeOf(`${side}/${box}`),
        box,
        own.map((row) => row.text),
      ),
    );
  const size = { width: Math.ceil(width), height: Math.ceil(height) + headHeight };
  const lines = edges.map((edge) => pointsOf(edge).map((at, index) => (index % 2 === 0 ? at : at + headHeight)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg"${attributes({ ...size, viewBox: `0 0 ${size.width} ${size.height}` })} role="img">`,
    '<title>Who tells whom: senders, routes and receivers of the unit</title>',
    `<style>${style}</style>`,
    arrow,
    `<rect class="paper" x="0.5" y="0.5" width="${size.width - 1}" height="${size.height - 1}" rx="10"/>`,
    text('Who tells whom', 'title', margin, margin),
    ...intro.map((line, index) => text(line, 'row', margin, margin + lineHeight.title + index * lineHeight.row)),
    ...lines.map((points) => `<g class="edge"><path d="${pathOf(points)}"/></g>`),
    ...column('from', chart.senders),
    ...chart.routes.map((route) => boxOf(nodeOf(`route/${route}`), route, [], 'busy')),
    ...column('to', chart.receivers),
    '</svg>',
    '',
  ].join('\n');
};
