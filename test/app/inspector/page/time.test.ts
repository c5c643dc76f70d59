import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countText,
  durationText,
  eventText,
  shortTopic,
  sizeText,
  stretchText,
} from '../../../../app/inspector/page/format.ts';
import { ticksIn } from '../../../../app/inspector/page/window.ts';

test.each([
  [0, '0 ms'],
  [340, '340 ms'],
  [7_940, '7.9 s'],
  [59_400, '59 s'],
  [90_000, '1.5 min'],
  [12 * 60_000, '12 min'],
  [13 * 3_600_000, '13 h'],
  [50 * 3_600_000, '2.1 d'],
])('%i ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [812, '812 B'],
  [1_500, '1.5 kB'],
  [21_400_000, '21.4 MB'],
])('%i bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

test.each([
  ['127.0.0.1:1883/698d/pepeunit', '698d/pepeunit'],
  ['pepeunit.example/a/b', 'a/b'],
  ['lamp/state', 'lamp/state'],
  ['05fd7512-f299-4f37-bf15-ed56d6d696ec/pepeunit', '05fd7512…/pepeunit'],
  ['127.0.0.1/output_base_topic/05fd7512-f299-4f37-bf15-ed56d6d696ec/state', 'output_base_topic/05fd7512…/state'],
  ['', ''],
])('the topic %j is shown as %j', (topic, text) => expect(shortTopic(topic)).toBe(text));

test('a stretch of time names its day once, or both of its days', () => {
  const evening = new Date(2026, 10, 29, 23, 59, 58).getTime();
  expect(stretchText(evening, evening + 1_000)).toBe('29 Nov 2026, 23:59:58 to 23:59:59');
  expect(stretchText(evening, evening + 2_000)).toBe('29 Nov 2026, 23:59:58 to 30 Nov 2026, 00:00:00');
});

test('counts have their noun', () => {
  expect([countText(1, 'line'), countText(1_200, 'line')]).toEqual(['1 line', '1,200 lines']);
});

test.each([
  ['xstate.init', 'started'],
  ['xstate.after.retryAfter.mqtt.waiting.soon', 'after retryAfter'],
  ['xstate.done.actor.download', 'download done'],
  ['xstate.error.actor.link', 'link failed'],
  ['mqtt.connect', 'mqtt.connect'],
])('the event %s is called %s', (type, text) => expect(eventText(type)).toBe(text));

describe('the marks of a time axis', () => {
  test('are within it, evenly apart, and as many as there is room for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e12 }),
        fc.integer({ min: 20, max: 5e8 }),
        fc.integer({ min: 2, max: 20 }),
        (from, length, most) => {
          const { every, times } = ticksIn({ from, to: from + length }, most);
          expect(times.length).toBeLessThanOrEqual(most + 1);
          expect(times.every((time) => time >= from && time <= from + length)).toBe(true);
          expect(times.slice(1).every((time, index) => time - (times[index] ?? 0) === every)).toBe(true);
        },
      ),
    );
  });
});
