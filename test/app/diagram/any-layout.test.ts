import { describe, expect, test } from 'vitest';
import { chartOf } from '../../../app/diagram/chart.ts';
import type { StateConfig } from '../../../app/diagram/config.ts';
import { anyLayout } from '../../../app/diagram/elk/any-layout.ts';
import { mergeAlike } from '../../../app/diagram/regions.ts';
import { svgOf } from '../../../app/diagram/svg.ts';
import { engine } from '../../diagrams/elk.ts';

const drawn = async (config: StateConfig): Promise<string> => {
  const chart = mergeAlike(chartOf(config));
  return svgOf(chart, await anyLayout(chart, engine));
};

const placesIn = (svg: string, kind: 'state' | 'edge'): string[] =>
  [...svg.matchAll(new RegExp(`data-${kind}="own/([^"]*)"`, 'g'))].map(([, path = '']) => path);

const shuttle = (one: string, other: string): StateConfig => ({
  id: 'own',
  initial: one,
  states: Object.fromEntries([
    [one, { on: { GO: other } }],
    [other, { on: { BACK: one } }],
  ]),
});

const region = (go: string): StateConfig => ({
  initial: 'a',
  states: { a: { on: { NEXT: 'b', GO: go } }, b: {} },
});

describe('the picture of a machine that nobody has looked at before', () => {
  test.each(['root', 'stub one', 'on hold', '__proto__', 'constructor', '🔥 жар'])(
    'has a state of the name "%s"',
    async (name) => {
      const svg = await drawn(shuttle(name, 'away'));
      expect(placesIn(svg, 'state')).toStrictEqual([name, 'away']);
      expect(placesIn(svg, 'edge')).toHaveLength(2);
    },
  );

  test('has the lines from one region to another', async () => {
    const svg = await drawn({ id: 'own', type: 'parallel', states: { x: region('#own.y.b'), y: region('#own.x') } });
    expect(placesIn(svg, 'state').toSorted()).toStrictEqual(['x', 'x.a', 'x.b', 'y', 'y.a', 'y.b']);
    expect(placesIn(svg, 'edge')).toHaveLength(4);
  });
});
