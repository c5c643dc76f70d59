import type { Lane } from '../replay/lanes.ts';
import type { Source } from '../replay/source.ts';
import type { Tag, ValueView } from '../chart-view.ts';
import type { Colours } from './colours.ts';
import { chartOfHash } from './store.ts';
import type { Stretch } from './window.ts';

/** What is painted of a unit. */
export interface Scene {
  readonly source: Source;
  readonly lanes: readonly Lane[];
  readonly stretch: Stretch;
  /** The time that is shown, and whether it is held. */
  readonly time: number;
  readonly isHeld: boolean;
  /** Up to when the last states go on. */
  readonly endAt: number;
  readonly colours: Colours;
  readonly width: number;
  readonly chosen: string | undefined;
}

/** Where a time stands in a scene, and which time stands there. */
export const xOf = ({ stretch: { from, to }, width }: Scene, time: number): number =>
  ((time - from) / (to - from)) * width;
export const timeAt = ({ stretch: { from, to }, width }: Scene, x: number): number => from + (x / width) * (to - from);

/** How people see what happened. */
export const markTags: Readonly<Record<string, Tag>> = {
  online: 'ready',
  outage: 'faulty',
  rollback: 'faulty',
  crash: 'faulty',
  lost: 'faulty',
  end: 'faulty',
  command: 'busy',
  update: 'busy',
  restart: 'busy',
};

/** Worst tags first: what a pixel shows that many states share. */
const weights: Readonly<Record<Tag, number>> = { faulty: 3, busy: 2, ready: 1, plain: 0 };

/** Most states of one pixel that are looked at. */
const maxPerPixel = 24;

const viewOf = (source: Source, number: number): ValueView | undefined => {
  const segment = source.lanes.segments[number];
  return segment && chartOfHash(source, segment[0]).valueOf(segment[1]);
};

export interface Piece {
  readonly x: number;
  readonly width: number;
  readonly tag: Tag;
  readonly name: string;
  /** Whether many states share its one pixel. */
  readonly isDense: boolean;
}

/** What a lane shows: a piece for each state, or for each pixel with more than one. */
export const piecesOf = (scene: Scene, { series }: Lane): Piece[] => {
  const pieces: Piece[] = [];
  const last = Math.min(scene.width, xOf(scene, scene.endAt));
  let index = Math.max(0, series.indexAt(scene.stretch.from));
  while (index < series.length) {
    const x = Math.max(0, xOf(scene, series.at(index)));
    if (x >= last) break;
    const next = index + 1 < series.length ? xOf(scene, series.at(index + 1)) : last;
    if (next - x >= 1 || index + 1 === series.length) {
      const view = viewOf(scene.source, series.value(index));
      const width = Math.min(last, next) - x;
      if (view) pieces.push({ x, width, tag: view.tag, name: view.name, isDense: false });
      index += 1;
      continue;
    }
    const beyond = Math.max(index + 1, series.indexAt(timeAt(scene, x + 1)));
    let worst: ValueView | undefined;
    for (let one = index; one < Math.min(beyond, index + maxPerPixel); one += 1) {
      const view = viewOf(scene.source, series.value(one));
      if (view && (!worst || weights[view.tag] > weights[worst.tag])) worst = view;
    }
    if (worst) pieces.push({ x, width: 1, tag: worst.tag, name: '', isDense: true });
    index = beyond;
  }
  return pieces;
};
