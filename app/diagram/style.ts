/** Fonts of one width, of which most readers have one. */
const fonts = "Helvetica,Arial,'Liberation Sans',sans-serif";

interface Colours {
  readonly paper: string;
  readonly frame: string;
  readonly box: string;
  readonly border: string;
  readonly name: string;
  readonly row: string;
  readonly line: string;
  readonly busy: readonly [border: string, box: string];
  readonly ready: readonly [border: string, box: string];
  readonly faulty: readonly [border: string, box: string];
}

const light: Colours = {
  paper: '#ffffff',
  frame: '#d9dee7',
  box: '#f8fafc',
  border: '#94a3b8',
  name: '#0f172a',
  row: '#475569',
  line: '#64748b',
  busy: ['#2563eb', '#eff5ff'],
  ready: ['#15803d', '#effaf2'],
  faulty: ['#c81e1e', '#fef2f2'],
};

const dark: Colours = {
  paper: '#0d1117',
  frame: '#30363d',
  box: '#151b23',
  border: '#5b6675',
  name: '#f0f6fc',
  row: '#a9b4c2',
  line: '#8493a6',
  busy: ['#6ea8fe', '#12203a'],
  ready: ['#4cc38a', '#10261b'],
  faulty: ['#ff7b72', '#2d1517'],
};

const colours = ({ paper, frame, box, border, name, row, line, ...tags }: Colours): string =>
  [
    `.paper{fill:${paper};stroke:${frame}}`,
    `.state rect{fill:${box};stroke:${border}}`,
    ...Object.entries(tags).map(([tag, [edge, fill]]) => `.${tag} rect{fill:${fill};stroke:${edge}}`),
    `.rule{stroke:${border}}`,
    `.title,.name,.exit{fill:${name}}`,
    `.row{fill:${row}}`,
    `.first{fill:${name};stroke:${paper}}`,
    `.edge path{stroke:${line}}`,
    `marker path{fill:${line}}`,
    `.edge rect{fill:${paper};stroke:${line}}`,
  ].join('');

/** How a chart looks, in light and dark. */
export const style = [
  `text{font:11px ${fonts}}`,
  '.title{font-size:16px;font-weight:bold}',
  '.name{font-size:12px;font-weight:bold}',
  '.exit{font-weight:bold}',
  '.edge path{fill:none;stroke-width:1.2;marker-end:url(#arrow)}',
  '.edge rect{stroke-dasharray:3 3}',
  '.state rect{stroke-width:1.4}',
  '.rule{stroke-width:1;opacity:.5}',
  '.first{stroke-width:1.5}',
  colours(light),
  `@media (prefers-color-scheme:dark){${colours(dark)}}`,
].join('');
