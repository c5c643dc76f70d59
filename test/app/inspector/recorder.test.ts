import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assign, createActor, setup, type InspectionEvent } from 'xstate';
import { createRecorder, type Recorder, type RecorderHost } from '../../../app/inspector/recorder.ts';
import type { RecordedUnit } from '../../../app/client/recording.ts';
import { hideSecrets, redacted } from '../../../services/redaction.ts';

/** A host whose clocks the test moves. */
const createHost = () => {
  const ticks = new Set<() => void>();
  const host = { nowMs: 1000, epoch: 1_700_000_000_000 };
  return {
    ...({
      now: () => host.nowMs,
      epochMs: () => host.epoch,
      every: (_, fn) => {
        ticks.add(fn);
        return () => ticks.delete(fn);
      },
    } satisfies RecorderHost),
    /** Lets time pass, and seconds end. */
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1000) {
        host.nowMs += Math.min(1000, ms - passed);
        for (const tick of ticks) tick();
      }
    },
    /** Sets the wall clock. */
    jump: (ms: number) => {
      host.epoch += ms;
    },
  };
};

const counts = {
  inbox: { received: 0, dropped: 0, unsolicited: 0, waiting: 0, pauses: 0 },
  outbox: {
    waiting: 0,
    waitingBytes: 0,
    sending: 0,
    queued: 0,
    sent: 0,
    refused: 0,
    dropped: 0,
    replaced: 0,
    expired: 0,
    dead: 0,
    damaged: 0,
    isVolatile: false,
  },
};

const unit: RecordedUnit = {
  v: 1,
  envFilePath: '/unit/env.json',
  redacted,
  metrics: () => counts,
  actor: () => {
    throw new Error('nobody asks');
  },
  publish: async () => ({ outcome: 'delivered' }),
};

const child = setup({
  types: { events: {} as { type: 'go' } | { type: 'stop' } },
}).createMachine({
  id: 'child',
  initial: 'idle',
  states: {
    idle: { on: { go: 'busy' } },
    busy: { after: { 5000: 'idle' }, on: { stop: 'over' } },
    over: { type: 'final' },
  },
});

const root = setup({
  types: {
    context: {} as { count: number; list: readonly unknown[]; note?: unknown },
    events: {} as { type: 'add'; by: number } | { type: 'note'; note: unknown } | { type: 'go' } | { type: 'fall' },
  },
  actors: { child },
  actions: {
    fall: () => {
      throw new Error('it fell');
    },
  },
}).createMachine({
  id: 'root',
  context: { count: 0, list: [] },
  type: 'parallel',
  states: {
    work: {
      initial: 'even',
      invoke: { src: 'child', id: 'child' },
      states: {
        even: {
          on: { add: { target: 'odd', actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
        },
        odd: {
          on: { add: { target: 'even', actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
        },
      },
    },
    notes: { on: { note: { actions: assign({ note: ({ event }) => event.note }) }, fall: { actions: 'fall' } } },
  },
});

let recorder: Recorder;
let host: ReturnType<typeof createHost>;
beforeEach(() => {
  host = createHost();
  recorder = createRecorder({ unit, about: { unit: 'u', name: 'kitchen' }, host });
});
afterEach(() => recorder.stop());

const start = () => createActor(root, { inspect: (event: InspectionEvent) => recorder.inspect(event) }).start();

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

describe('what goes in', () => {
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
    expect(linesOf('s').at(-1)?.[6]).toEqual({ note: shown });
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
    expect(linesOf('s').at(-1)?.[6]).toEqual({ note: { ref: { actor: actor.id } } });
  });

  test('secrets are masked in events, contexts, logs, marks and settings, also as base64 and cut', () => {
    const secret = 'correct horse battery staple';
    hideSecrets([secret]);
    const actor = start();
    const base64 = Buffer.from(`my ${secret}.`).toString('base64');
    for (const note of [
      secret,
      { [secret]: 1 },
      [base64],
      `${'x'.repeat(1020)}${secret}`,
      new Error(`bad ${secret}`),
    ]) {
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
});
