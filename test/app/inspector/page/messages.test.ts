import { expect, test } from 'vitest';
import { messageAt, payloadJson, topicName, topicsAt } from '../../../../app/inspector/page/messages.ts';
import { unitAt } from '../../../../app/inspector/page/units.ts';
import { createReplay } from '../../../../app/inspector/replay.ts';
import type { Source } from '../../../../app/inspector/replay/source.ts';
import type { WireLine } from '../../../../app/inspector/wire.ts';
import { aboutRun, startedAt, textOf } from '../recordings.ts';

const read = (...lines: readonly WireLine[]) => {
  const replay = createReplay();
  replay.read(textOf([['#', 'u', 0, 0], aboutRun(), ...lines]));
  const source = replay.sources.get('u');
  if (!source) throw new Error('There is no unit');
  return { replay, source };
};

const publish = (at: number, id: number, topic: string, payload: string): WireLine => [
  'm',
  at,
  id,
  'out',
  topic,
  payload.length,
  payload,
  1,
  false,
  'queued',
];

test('a message has the fate that it had by then', () => {
  const { source } = read(publish(1, 5, 'a', '{}'), ['mf', 10, 5, 'accepted'], ['mf', 20, 5, 'refused', 'too large']);
  const fateAt = (time: number) => messageAt(source, 1, source.rows.endAt(startedAt + time));
  expect([fateAt(5), fateAt(15), fateAt(25)]).toMatchObject([
    { fate: 'queued', reason: '', payload: '{}', topic: 'a' },
    { fate: 'accepted', fateAt: startedAt + 10 },
    { fate: 'refused', reason: 'too large', fateAt: startedAt + 20 },
  ]);
});

test('a topic is called by its key in the newest schema, and told from others with that key', () => {
  const [one, two] = ['05fd7512-f299-4f37-bf15-ed56d6d696ec/pepeunit', 'e85cf1cc-3a5a-4763-aac4-02e37bcfdd42/pepeunit'];
  const { source } = read(
    ['topics', 1, { [one]: 'old/pepeunit' }],
    ['topics', 2, { [one]: 'temperature/pepeunit', [two]: 'temperature/pepeunit', 'a/b': 'state/pepeunit' }],
  );
  expect([one, two, 'a/b', 'c/d'].map((topic) => topicName(source, topic))).toEqual([
    '05fd7512… temperature/pepeunit',
    'e85cf1cc… temperature/pepeunit',
    'state/pepeunit',
    'c/d',
  ]);
});

test('topics are counted up to a moment, the latest first, with the rate of the last ten seconds', () => {
  const { source } = read(
    ...Array.from({ length: 20 }, (_, n) => publish(n * 1_000, n, 'often', String(n))),
    publish(19_500, 90, 'once', 'x'),
  );
  const seen = (at: number) =>
    topicsAt(source, startedAt + at, source.rows.endAt(startedAt + at)).map(({ topic, count, rate, last }) => [
      topic.topic,
      count,
      rate,
      last.payload,
    ]);
  expect(seen(19_000)).toEqual([['often', 20, 1, '19']]);
  expect(seen(19_600)).toEqual([
    ['once', 1, 0.1, 'x'],
    ['often', 20, 1, '19'],
  ]);
});

test('a payload is JSON or not', () => {
  expect([payloadJson('{"a":1}'), payloadJson('on'), payloadJson({ base64: 'AA==' })]).toEqual([
    { a: 1 },
    undefined,
    undefined,
  ]);
});

const config = {
  id: 'mqtt',
  states: {
    offline: {},
    waiting: { tags: ['faulty'] },
    online: { tags: ['ready'], states: { quiet: {}, pinging: {} } },
  },
};

const linked: readonly WireLine[] = [
  ['chart', 'h', 'mqtt', config],
  ['actor', 0, 0, 'unit', -1, ''],
  ['actor', 0, 1, 'unit/mqtt', 0, 'h'],
  ['s', 5, 1, -1, 'xstate.init', 'offline', 0],
  ['s', 10, 1, -1, 'go', { online: 'quiet' }, 0],
  ['s', 20, 1, -1, 'go', { online: 'pinging' }, 0],
  ['s', 30, 1, -1, 'go', 'waiting', 0],
  ['s', 40, 1, -1, 'go', 'offline', 0],
];

const healthAt = (source: Source, replay: ReturnType<typeof createReplay>, at: number) => {
  const moment = replay.at('u', startedAt + at);
  if (!moment) throw new Error('There is no moment');
  const { health, since, lastSeen } = unitAt(source, moment);
  return [health, since - startedAt, lastSeen - startedAt];
};

test('a unit is online or offline since its link became so, whatever came between', () => {
  const { replay, source } = read(...linked, ['end', 60, 'gone']);
  expect([7, 25, 35, 50, 70].map((at) => healthAt(source, replay, at))).toEqual([
    ['offline', 5, 5],
    ['online', 10, 20],
    ['offline', 30, 30],
    ['offline', 30, 40],
    ['ended', 60, 60],
  ]);
});

test('a unit without MQTT is said to run', () => {
  const { replay, source } = read(['actor', 0, 0, 'light', -1, ''], ['s', 9, 0, -1, 'go', 'green', 0]);
  expect(healthAt(source, replay, 20)).toEqual(['running', 0, 9]);
});
