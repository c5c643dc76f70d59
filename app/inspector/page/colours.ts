import { signal } from '@preact/signals';
import type { Tag } from '../chart-view.ts';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const theme = signal<Theme>('auto');

/** Colours that a canvas is painted with, as the style sheet has them. */
export interface Colours {
  readonly paper: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly dim: string;
  readonly accent: string;
  readonly in: string;
  readonly out: string;
  readonly fill: Readonly<Record<Tag, string>>;
  readonly soft: Readonly<Record<Tag, string>>;
  readonly on: Readonly<Record<Tag, string>>;
}

const tags = ['ready', 'busy', 'faulty', 'plain'] as const;

const read = (): Colours => {
  const probe = document.createElement('span');
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const byTag = (prefix: string) =>
    Object.fromEntries(tags.map((tag) => [tag, colour(`${prefix}${tag}`)])) as Record<Tag, string>;
  const [paper, raised, line, text, dim, accent] = ['paper', 'raised', 'line', 'text', 'dim', 'accent'].map(colour) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const colours = {
    paper,
    raised,
    line,
    text,
    dim,
    accent,
    in: colour('busy'),
    out: colour('ready'),
    fill: byTag(''),
    soft: byTag('soft-'),
    on: byTag('on-'),
  };
  probe.remove();
  return colours;
};

/** The colours of the theme that is on; `undefined` until they are read. */
export const colours = signal<Colours | undefined>(undefined);

/** Applies a theme; `auto` follows the system. */
export const applyTheme = (chosen: Theme): void => {
  theme.value = chosen;
  document.documentElement.dataset['theme'] = chosen;
  colours.value = read();
};

/** Reads the colours anew whenever the system changes its scheme. */
export const watchScheme = (): void => {
  applyTheme('auto');
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    colours.value = read();
  });
};
