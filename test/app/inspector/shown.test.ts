import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActor, type InspectionEvent } from 'xstate';
import { createRecorder, type Recorder } from '../../../app/inspector/recorder/recorder.ts';
import { hideSecrets } from '../../../services/redaction.ts';
import { createHost, recordedRoot, recordedUnit } from '../../support/recorded.ts';

let recorder: Recorder;
beforeEach(() => {
  recorder = createRecorder({ unit: recordedUnit, about: { unit: 'u', name: 'kitchen' }, host: createHost() });
});
afterEach(() => recorder.stop());

const start = () => createActor(recordedRoot, { inspect: (event: InspectionEvent) => recorder.inspect(event) }).start();

const newest = (): unknown => JSON.parse(recorder.ring.read(0, Infinity).lines.at(-1) ?? '');

test.each([
  ['a circle', () => Object.assign([] as unknown[], { 0: 1 }), [1]],
  ['a function', () => Math.max, '(max)'],
  [
    'an error',
    () => new TypeError('no', { cause: new Error('why') }),
    { name: 'TypeError', message: 'no', cause: { name: 'Error', message: 'why' } },
  ],
  ['bytes', () => new Uint8Array(9), '(9 bytes)'],
  ['a big number', () => 12n, '12'],
  ['no number', () => NaN, 'NaN'],
  ['a map', () => new Map([['a', 1]]), [['a', 1]]],
  ['a date', () => new Date(0), '1970-01-01T00:00:00.000Z'],
  ['an object of a class', () => new AbortController(), '(AbortController)'],
  ['emoji and Cyrillic', () => 'Тёплый дом 🏠', 'Тёплый дом 🏠'],
  ['a text of 3,000 letters', () => 'x'.repeat(3000), `${'x'.repeat(1024)}…`],
  ['a list of 1,000', () => Array.from({ length: 1000 }, () => 0), [...Array.from({ length: 100 }, () => 0), '…']],
  [
    'a getter that throws',
    () => ({
      get broken(): string {
        throw new Error('broken');
      },
    }),
    '(unreadable)',
  ],
])('%s is shown as JSON', (_, make, shown) => {
  const actor = start();
  actor.send({ type: 'note', note: make() });
  expect((newest() as unknown[])[6]).toEqual({ note: shown });
  expect(recorder.failures()).toBe(0);
});

test('what is deep, wide or in a circle is cut', () => {
  const actor = start();
  const circle: unknown[] = [];
  circle.push(circle);
  let deep: unknown = 'bottom';
  for (let depth = 0; depth < 10_000; depth += 1) deep = [deep];
  const wide = Array.from({ length: 90 }, () => ({ text: 'y'.repeat(900) }));
  for (const note of [circle, deep, wide]) {
    actor.send({ type: 'note', note });
    const line = recorder.ring.read(recorder.ring.next - 1, 1).lines[0] ?? '';
    expect(line.length).toBeLessThan(15_000);
    expect(line).toContain('…');
  }
  expect(recorder.failures()).toBe(0);
});

test('an actor in a context or an event is named, not walked', () => {
  const actor = start();
  actor.send({ type: 'note', note: { ref: actor } });
  expect((newest() as unknown[])[6]).toEqual({ note: { ref: { actor: actor.id } } });
});

test('secrets are masked in events, contexts, logs, marks and settings, also as base64 and cut', () => {
  const secret = 'correct horse battery staple';
  hideSecrets([secret]);
  const actor = start();
  const base64 = Buffer.from(`my ${secret}.`).toString('base64');
  for (const note of [secret, { [secret]: 1 }, [base64], `${'x'.repeat(1020)}${secret}`, new Error(`bad ${secret}`)]) {
    actor.send({ type: 'note', note });
  }
  recorder.logged({ level: 'Info', text: `it is ${secret}` });
  recorder.settings({ PUC_NOTE: secret });
  recorder.emitted({ type: 'updateRolledBack', version: '1', reason: secret });
  const text = recorder.ring.read(0, Infinity).lines.join('\n');
  expect(text).not.toContain('correct horse');
  expect(text).not.toContain('corr');
  expect(text).not.toContain(base64.slice(4, 20));
  expect(text).toContain('***');
});

test('nothing that a recorder is given lets it throw', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('hostile');
      },
    },
  );
  recorder.inspect(hostile as InspectionEvent);
  recorder.logged(hostile as never);
  recorder.inbound.received(hostile as never);
  recorder.outbound.entered(hostile as never);
  expect(recorder.failures()).toBe(4);
});
