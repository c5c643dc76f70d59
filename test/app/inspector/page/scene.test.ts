import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReplay } from '../../../../app/inspector/replay.ts';
import type { Colours } from '../../../../app/inspector/page/colours.ts';
import { laneAt, heightOf, rows } from '../../../../app/inspector/page/paint.ts';
import { piecesOf, type Piece } from '../../../../app/inspector/page/scene.ts';
import type { WireLine } from '../../../../app/inspector/wire.ts';
import { aboutRun, startedAt, textOf } from '../recordings.ts';

const config = { id: 'm', states: { ok: { tags: ['ready'] }, work: { tags: ['busy'] }, bad: { tags: ['faulty'] } } };

/** What a lane of one machine shows of steps at times, in so many pixels of a second each. */
const shown = (steps: readonly (readonly [at: number, state: string])[], width: number, from = 0): Piece[] => {
  const replay = createReplay();
  const lines: WireLine[] = [
    ['#', 'u', 0, 0],
    aboutRun(),
    ['chart', 'h', 'm', config],
    ['actor', 0, 0, 'm', -1, 'h'],
    ...steps.map(([at, state]): WireLine => ['s', at, 0, -1, 'go', state, 0]),
  ];
  replay.read(textOf(lines));
  const source = replay.sources.get('u');
  const lane = source?.lanes.lanes.get('m');
  if (!source || !lane) throw new Error('The machine has no lane');
  const stretch = { from: startedAt + from, to: startedAt + from + width * 1_000 };
  const about = { time: stretch.to, isHeld: false, endAt: stretch.to, colours: {} as Colours, chosen: undefined };
  return piecesOf({ source, lanes: [lane], stretch, width, ...about }, lane);
};

describe('a lane', () => {
  test('shows each state from its beginning to the next one', () => {
    expect(
      shown(
        [
          [2_000, 'ok'],
          [5_000, 'bad'],
        ],
        10,
      ),
    ).toEqual([
      { x: 2, width: 3, tag: 'ready', name: 'ok', isDense: false },
      { x: 5, width: 5, tag: 'faulty', name: 'bad', isDense: false },
    ]);
  });

  test('begins with the state that held before', () => {
    expect(
      shown(
        [
          [0, 'ok'],
          [12_000, 'work'],
        ],
        10,
        8_000,
      ),
    ).toMatchObject([
      { x: 0, width: 4, name: 'ok' },
      { x: 4, width: 6, name: 'work' },
    ]);
  });

  test('shows the worst of many states that share a pixel', () => {
    const steps = [
      [0, 'ok'],
      [100, 'work'],
      [200, 'bad'],
      [300, 'ok'],
      [2_000, 'work'],
    ] as const;
    expect(shown(steps, 10)).toMatchObject([
      { x: 0, tag: 'faulty', isDense: true },
      { tag: 'ready', name: 'ok' },
      { x: 2, tag: 'busy' },
    ]);
  });

  test('has no more pieces than two a pixel, however many states there were', () => {
    const state = fc.constantFrom('ok', 'work', 'bad');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), state), { maxLength: 2_000 }),
        fc.integer({ min: 1, max: 40 }),
        (given, width) => {
          let at = 0;
          const pieces = shown(
            given.map(([wait, name]) => [(at += wait), name] as const),
            width,
          );
          expect(pieces.length).toBeLessThanOrEqual(2 * width + 1);
          expect(pieces.map(({ x }) => x)).toEqual(pieces.map(({ x }) => x).toSorted((one, other) => one - other));
          expect(pieces.every(({ x, width: length }) => x >= 0 && x + length <= width + 1)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

test('a height is on the lane that is painted there', () => {
  const top = rows.axis + rows.marks;
  expect([top - 1, top, top + rows.lane, heightOf(3) - 1].map((y) => laneAt(y, 3))).toEqual([-1, 0, 1, -1]);
});
