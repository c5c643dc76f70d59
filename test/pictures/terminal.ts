/** A line of a terminal, with its colours as a terminal gets them, and when it was printed, in seconds. */
export interface PrintedLine {
  readonly at: number;
  readonly text: string;
}

const size = { font: 13, character: 7.83, line: 18, margin: 16, bar: 30 } as const;
const rows = 24;
const columns = 80;

const colours = {
  paper: '#0d1117',
  bar: '#161b22',
  text: '#d1d7e0',
  dim: '#8b949e',
} as const;

/** Colours by their codes. */
const colourOf = new Map([
  [2, colours.dim],
  [31, '#ff7b72'],
  [32, '#56d364'],
  [33, '#e3b341'],
  [34, '#79c0ff'],
  [35, '#d2a8ff'],
  [36, '#56d4dd'],
]);

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** What a code of a terminal (SGR) says of the text after it. */
const styleOf = (code: number): string => {
  if (code === 1) return 'font-weight="bold"';
  const colour = colourOf.get(code);
  return colour !== undefined ? `fill="${colour}"` : '';
};

/** The parts of a line, each in its colour. */
const spansOf = (text: string): string => {
  const [plain = '', ...styled] = text.split('\u001B[');
  const parts = [escaped(plain)];
  for (const one of styled) {
    const [, code = '', shown = ''] = /^(\d+)m([^]*)$/.exec(one) ?? [];
    const style = styleOf(Number(code));
    parts.push(style === '' || shown === '' ? escaped(shown) : `<tspan ${style}>${escaped(shown)}</tspan>`);
  }
  return parts.join('');
};

/**
 * Draws what a program has printed on a terminal of 80 columns and 24 rows, as it came: a moving picture that stands still
 * at the end, or at once for those who want no motion.
 */
export const terminalSvg = (command: string, lines: readonly PrintedLine[]): string => {
  const width = Math.ceil(columns * size.character + 2 * size.margin);
  const screen = rows * size.line;
  const height = size.bar + screen + 2 * size.margin;
  const seconds = Math.max(1, lines.at(-1)?.at ?? 0);
  const shiftAt = (index: number): number => -Math.max(0, index + 1 - rows) * size.line;
  const share = (at: number): string => `${((100 * at) / seconds).toFixed(2)}%`;
  const scroll = lines
    .map(({ at }, index) => ({ at, shift: shiftAt(index) }))
    .filter(({ shift }) => shift < 0)
    .map(({ at, shift }) => `${share(at)}{transform:translateY(${shift}px)}`);
  const end = `transform:translateY(${shiftAt(lines.length - 1)}px)`;
  const texts = lines.map(({ at, text }, index) => {
    const y = (index + 1) * size.line - 5;
    return `<text y="${y}" style="animation-delay:${at.toFixed(2)}s">${spansOf(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(command)} in a terminal">
<style>
text{font:${size.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${colours.text};white-space:pre}
.lines text{opacity:0;animation:show .01s forwards}
.lines{${end};animation:scroll ${seconds.toFixed(2)}s step-end}
@keyframes show{to{opacity:1}}
@keyframes scroll{0%{transform:none}${scroll.join('')}}
@media (prefers-reduced-motion:reduce){.lines{animation:none}.lines text{opacity:1;animation:none}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="${colours.paper}"/>
<path d="M0 ${size.bar}V8a8 8 0 0 1 8-8H${width - 8}a8 8 0 0 1 8 8V${size.bar}z" fill="${colours.bar}"/>
<circle cx="18" cy="15" r="5" fill="#ff5f57"/><circle cx="36" cy="15" r="5" fill="#febc2e"/><circle cx="54" cy="15" r="5" fill="#28c840"/>
<text x="${width / 2}" y="19.5" text-anchor="middle" style="fill:${colours.dim}">${escaped(command)}</text>
<svg x="${size.margin}" y="${size.bar + size.margin}" width="${width - 2 * size.margin}" height="${screen}"><g class="lines">
${texts.join('\n')}
</g></svg>
</svg>
`;
};
