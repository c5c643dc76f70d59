import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createActor, type InspectionEvent } from 'xstate';
import { createRecorder, type Recorder } from '../../../../app/inspector/recorder/recorder.ts';
import { createHost, recordedRoot, recordedUnit } from '../../../support/recorded.ts';

let recorder: Recorder;
let host: ReturnType<typeof createHost>;
beforeEach(() => {
  host = createHost();
  recorder = createRecorder({ unit: recordedUnit, about: { unit: 'u', name: 'kitchen' }, host });
});
afterEach(() => recorder.stop());

const start = () => createActor(recordedRoot, { inspect: (event: InspectionEvent) => recorder.inspect(event) }).start();

const all = (): unknown[][] => recorder.ring.read(0, Infinity).lines.map((line) => JSON.parse(line) as unknown[]);
const linesOf = (kind: string): unknown[][] => all().filter(([one]) => one === kind);

describe('machines', () => {
  test('a run begins with its charts and actors, each chart once', () => {
    start();
    expect(linesOf('run')).toEqual([['run', { v: 1, unit: 'u', name: 'kitchen', startedAt: 1_700_000_000_000 }]]);
    expect(linesOf('chart').map(([, , id]) => id)).toEqual(['root', 'child']);
    const [rootChart, childChart] = linesOf('chart');
    expect(linesOf('actor')).toEqual([
      ['actor', 0, 0, expect.any(String), -1, rootChart?.[1]],
      ['actor', 0, 1, expect.stringMatching(/\/child$/), 0, childChart?.[1]],
    ]);
  });

  test('a step says what came from whom, where it led, and which keys of the context changed', () => {
    const actor = start();
    const before = all().length;
    actor.send({ type: 'add', by: 2 });
    actor.send({ type: 'note', note: { deep: [1, 'two'] } });
    expect(all().slice(before)).toEqual([
      ['s', 0, 0, -1, { type: 'add', by: 2 }, { work: 'odd', notes: {} }, { count: 2 }, ['work.even>work.odd']],
      ['s', 0, 0, -1, { type: 'note', note: { deep: [1, 'two'] } }, 0, { note: { deep: [1, 'two'] } }],
    ]);
  });

  test('a timer is due by the clock that never jumps', () => {
    const actor = start();
    const { child: ref } = actor.getSnapshot().children;
    host.pass(3000);
    host.jump(-86_400_000);
    ref?.send({ type: 'go' });
    expect(linesOf('timers')).toEqual([['timers', 3000, 1, [[expect.stringMatching(/^xstate\.after\.5000\./), 8000]]]]);
    ref?.send({ type: 'stop' });
    expect(linesOf('timers').at(-1)).toEqual(['timers', 3000, 1, []]);
    expect(
      linesOf('s')
        .findLast(([, , index]) => index === 1)
        ?.at(-1),
    ).toBe('done');
  });

  test('a machine that fails is told so', () => {
    const actor = start();
    actor.subscribe({ error: () => undefined });
    actor.send({ type: 'fall' });
    host.pass(1000);
    expect(actor.getSnapshot().status).toBe('error');
    expect(linesOf('s').at(-1)).toEqual(['s', 1000, 0, -1, 'xstate.error', 0, 0, 0, 'error']);
    expect(recorder.failures()).toBe(0);
  });

  test('a new root begins a new run', () => {
    start();
    host.pass(500);
    start();
    expect(linesOf('run')).toHaveLength(2);
    expect(all().findLast(([kind]) => kind === 'actor')?.[1]).toBe(0);
  });

  test('above 2,000 steps a second the rest is counted, and the last state is told', () => {
    const actor = start();
    for (let count = 0; count < 5000; count += 1) actor.send({ type: 'add', by: 1 });
    host.pass(1000);
    const steps = linesOf('s').filter(([, , index]) => index === 0);
    const skipped = linesOf('sampled').reduce((sum, [, , , count]) => sum + (count as number), 0);
    // One of them is the start.
    expect(steps.length + skipped).toBe(5001);
    expect(skipped).toBeGreaterThan(2900);
    expect(steps.at(-1)?.[6]).toEqual({ count: 5000 });
    actor.send({ type: 'add', by: 1 });
    expect(linesOf('s').at(-1)?.[6]).toEqual({ count: 5001 });
  });

  test('a checkpoint comes after 4,096 lines, and after a minute with any', () => {
    const actor = start();
    for (let second = 0; second < 3; second += 1) {
      for (let count = 0; count < 2000; count += 1) actor.send({ type: 'add', by: 1 });
      host.pass(1000);
    }
    expect(linesOf('k')).toHaveLength(1);
    host.pass(60_000);
    expect(linesOf('k')).toHaveLength(2);
    host.pass(600_000);
    expect(linesOf('k')).toHaveLength(2);
    expect(linesOf('k').at(-1)).toEqual([
      'k',
      expect.any(Number),
      [
        [
          0,
          expect.any(String),
          -1,
          expect.any(String),
          { work: 'even', notes: {} },
          { count: 6000, list: [] },
          'active',
          [],
        ],
        [1, expect.any(String), 0, expect.any(String), 'idle', {}, 'active', []],
      ],
      { outbox: 0, inbox: 0, received: 0, published: 0 },
    ]);
  });
});
