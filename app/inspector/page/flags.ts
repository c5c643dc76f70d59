import { markTags } from './scene.ts';

interface PlacedMark {
  readonly x: number;
  readonly what: string;
}

/** The name of a mark, and where it stands. */
export interface Flag {
  readonly what: string;
  readonly left: number;
  readonly width: number;
  /** Whether it stands left of its mark's line, as the picture ends right of it. */
  readonly isLeft: boolean;
}

const padding = 10;
const apart = 4;

const isFaulty = ({ what }: PlacedMark): boolean => markTags[what] === 'faulty';
const isOther = (mark: PlacedMark): boolean => !isFaulty(mark);

/**
 * Finds places for the names of marks: of those that are faulty first, then in the order of time. One without room is left out.
 *
 * @param widthOf Measures a text, in pixels.
 */
export const flagsOf = (marks: readonly PlacedMark[], width: number, widthOf: (text: string) => number): Flag[] => {
  const flags: Flag[] = [];
  for (const { x, what } of [...marks.filter(isFaulty), ...marks.filter(isOther)]) {
    const own = widthOf(what) + padding;
    const isLeft = x + own + apart > width;
    const left = isLeft ? x - own : x;
    const isFree = flags.every((flag) => left >= flag.left + flag.width + apart || left + own + apart <= flag.left);
    if (x >= 0 && x <= width && isFree) flags.push({ what, left, width: own, isLeft });
  }
  return flags;
};
