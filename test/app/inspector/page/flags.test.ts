import { expect, test } from 'vitest';
import { flagsOf } from '../../../../app/inspector/page/flags.ts';

const at = (x: number, what: string) => ({ x, what });
const widthOf = (text: string): number => text.length * 10;
const placed = (marks: readonly { x: number; what: string }[], width = 500) =>
  flagsOf(marks, width, widthOf).map(({ what, left }) => [what, left]);

test('a mark has its name to the right of its line, or to the left where the picture ends', () => {
  expect(placed([at(20, 'online'), at(480, 'update')])).toEqual([
    ['online', 20],
    ['update', 410],
  ]);
});

test('what is faulty has its name before anything else, and no name lies on another', () => {
  expect(placed([at(20, 'restart'), at(40, 'rollback'), at(60, 'outage'), at(300, 'online')])).toEqual([
    ['rollback', 40],
    ['online', 300],
  ]);
});

test('a mark that is not in the picture has no name there', () => {
  expect(placed([at(-1, 'online'), at(501, 'online')])).toEqual([]);
});
