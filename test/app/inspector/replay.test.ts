import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReplay, type Moment, type Replay } from '../../../app/inspector/replay.ts';
import { chunkLength } from '../../../app/inspector/replay/rows.ts';
import type { WireLine } from '../../../app/inspector/wire.ts';
import { aboutRun, plainly, recording, startedAt, textOf, type PlainUnit } from './recordings.ts';

const header = (first = 0, lost = 0): WireLine => ['#', 'lamp', first, lost];

const readerOf = (...lines: readonly WireLine[]): Replay => {
  const replay = createReplay();
  replay.read(textOf([header(), ...lines]));
  return replay;
};

const momentAt = (replay: Replay, time: number): Moment => {
  const moment = replay.at('lamp', time);
  if (!moment) throw new Error('The unit is unknown');
  return moment;
};

const end = Number.MAX_SAFE_INTEGER;

const seen = (replay: Replay, time: number): PlainUnit => {
  const { actors, figures } = momentAt(replay, time);
  const pathOf = (actor: number): string => replay.sources.get('lamp')?.actors[actor]?.path ?? '';
  return {
    actors: new Map(
      [...actors.values()].map(({ actor, value, context }) => [
        pathOf(actor),
        { value: value === '' ? undefined : JSON.parse(value), context },
      ]),
    ),
    figures,
  };
};

/** Lines with the time at which each of them happens. */
const timed = (lines: readonly WireLine[]): readonly (readonly [at: number, line: WireLine])[] => {
  let base = 0;
  return lines.map((line) => {
    if (line[0] === 'run') base = line[1].startedAt;
    return [line[0] === 'run' ? base : base + (line[1] as number), line];
  });
};

const door: readonly WireLine[] = [
  aboutRun(),
  ['actor', 0, 0, 'unit', -1, ''],
  ['actor', 0, 1, 'unit/mqtt', 0, ''],
  ['s', 0, 1, -1, 'xstate.init', 'offline', { attempts: 0 }],
];

describe('a unit at a time', () => {
  test('stands as a reader that keeps every line would have it', () => {
    fc.assert(
      fc.property(recording, fc.nat(4_000), (lines, after) => {
        const time = startedAt + after;
        const before = timed(lines).filter(([at]) => at <= time);
        expect(seen(readerOf(...lines), time)).toEqual(plainly(before.map(([, line]) => line)));
      }),
    );
  });

  test('stands so over many checkpoints, and is found from the nearest one', () => {
    const steps = Array.from({ length: 3 * chunkLength }, (_, n): WireLine => [
      's',
      n,
      1,
      0,
      'tick',
      n % 2 === 0 ? 'on' : 'off',
      { n },
    ]);
    const replay = readerOf(...door, ...steps);
    for (const n of [0, 1, chunkLength - 5, chunkLength, 2 * chunkLength + 7, 3 * chunkLength - 1]) {
      expect(seen(replay, startedAt + n).actors.get('unit/mqtt')).toEqual({
        value: n % 2 === 0 ? 'on' : 'off',
        context: { attempts: 0, n },
      });
    }
  });

  test('says which event was taken, from whom, by which transition, and what it changed', () => {
    const replay = readerOf(
      ...door,
      [
        's',
        5,
        1,
        0,
        { type: 'mqtt.connect', host: 'a' },
        { linked: 'connecting' },
        { attempts: 1 },
        ['offline>linked'],
      ],
      ['timers', 6, 1, [['xstate.after.connectWithin', 30_000]]],
      ['s', 7, 1, -1, 'mqtt.want', 0, 0],
    );
    const { actors } = momentAt(replay, startedAt + 6);
    expect(actors.get(1)).toMatchObject({
      value: '{"linked":"connecting"}',
      since: startedAt + 5,
      changed: ['attempts'],
      edges: ['offline>linked'],
      event: { type: 'mqtt.connect', fields: { host: 'a' }, from: 0, at: startedAt + 5 },
      due: [['xstate.after.connectWithin', startedAt + 30_000]],
    });
    // An event without a transition leaves the last one to be seen.
    expect(momentAt(replay, end).actors.get(1)).toMatchObject({
      since: startedAt + 5,
      changed: [],
      edges: ['offline>linked'],
      event: { type: 'mqtt.want', fields: undefined, from: -1 },
    });
  });

  test('needs no line before a checkpoint', () => {
    const replay = createReplay();
    replay.read(
      textOf([
        header(700, 700),
        aboutRun(),
        ['k', 900, [[4, 'unit/mqtt', 0, 'h', 'offline', { attempts: 2 }, 'active', [['retry', 1_000]]]], { outbox: 3 }],
      ]),
    );
    expect(seen(replay, end)).toEqual({
      actors: new Map([['unit/mqtt', { value: 'offline', context: { attempts: 2 } }]]),
      figures: { outbox: 3 },
    });
    expect([...momentAt(replay, end).actors.values()]).toMatchObject([{ due: [['retry', startedAt + 1_000]] }]);
  });

  test('has one machine for each path: the last one that was created', () => {
    const replay = readerOf(...door, ['actor', 9, 2, 'unit/mqtt', 0, ''], ['s', 9, 2, -1, 'xstate.init', 'again', 0]);
    expect(seen(replay, end).actors.get('unit/mqtt')).toEqual({ value: 'again', context: {} });
  });
});

describe('times', () => {
  test('never run backwards over runs, whatever the host has for a clock', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 6 }), (jumps) => {
        const lines = jumps.flatMap((jump, run): WireLine[] => [
          aboutRun({ startedAt: startedAt + jump, pid: run }),
          ['l', 10, 'Info', 'a'],
          ['l', 900, 'Info', 'b'],
        ]);
        const rows = readerOf(...lines).sources.get('lamp')?.rows;
        const times = Array.from({ length: rows?.next ?? 0 }, (_, row) => rows?.atOf(row) ?? 0);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      }),
    );
  });

  test('of a run that is said again go on', () => {
    const replay = readerOf(...door, aboutRun(), ['s', 8, 1, -1, 'go', 'on', 0]);
    expect(replay.sources.get('lamp')?.runs).toHaveLength(1);
    expect(seen(replay, end).actors.get('unit/mqtt')?.value).toBe('on');
  });
});

test('a run that only seemed to end goes on with its next line', () => {
  const replay = readerOf(...door, ['end', 20, 'The link has ended.'], ['s', 30, 0, -1, 'go', 'on', 0]);
  expect(momentAt(replay, startedAt + 25).end).toBe('The link has ended.');
  expect(momentAt(replay, end).end).toBeUndefined();
  const { series } = replay.sources.get('lamp')?.lanes.lanes.get('unit/mqtt') ?? {};
  expect([0, 25, 30].map((at) => series?.value(series.indexAt(startedAt + at)))).toEqual([0, -1, 0]);
});

describe('what is missing', () => {
  test('a file that is cut anywhere shows what stands before the cut', () => {
    fc.assert(
      fc.property(recording, fc.nat(), (lines, cut) => {
        const text = textOf([header(), ...lines]);
        const kept = text.slice(0, cut % (text.length + 1));
        const whole = `${text}\n`.startsWith(`${kept}\n`) ? kept : kept.slice(0, kept.lastIndexOf('\n') + 1);
        const count = whole.split('\n').filter((line) => line !== '').length;
        const replay = createReplay();
        replay.read(kept);
        expect(replay.damaged).toBe(whole.length < kept.length && !kept.endsWith('\n') ? 1 : 0);
        expect(replay.sources.size === 0 ? undefined : seen(replay, end)).toEqual(
          count === 0 ? undefined : plainly(lines.slice(0, count - 1)),
        );
      }),
    );
  });

  test('lines that are cut, unknown, ill-formed or about an unknown machine are counted and passed over', () => {
    const replay = readerOf(...door);
    replay.read(
      [
        '["s",9,1,-1,"go"',
        '["later-kind",9]',
        '{"s":1}',
        '["s",9,1,-1,"go",5,0]',
        '["s",9,77,-1,"go","on",0]',
        '["k",9,[["x"]],{}]',
        '["f",9,{"received":null}]',
        '["l",1e300,"Info","when?"]',
        '["run",{"v":1,"unit":"door","name":"door","startedAt":1e300}]',
      ].join('\n'),
    );
    expect([replay.damaged, replay.unplaced]).toEqual([8, 1]);
    expect(seen(replay, end).actors.get('unit/mqtt')?.value).toBe('offline');
  });

  test('lines before any unit are counted', () => {
    const replay = createReplay();
    replay.read(textOf(door));
    expect([replay.damaged, replay.sources.size]).toEqual([door.length, 0]);
  });

  test('lost lines are counted as headers say, or as their counts leave a gap, and have their place', () => {
    const replay = createReplay();
    replay.read(textOf([header(40, 40), ...door]));
    replay.read(textOf([header(44), ['l', 50, 'Info', 'no gap']]));
    replay.read(textOf([header(55, 10), ['l', 60, 'Info', 'said']]));
    replay.read(textOf([header(60), ['l', 70, 'Info', 'not said']]));
    expect(replay.lost).toBe(40 + 10 + 4);
    expect(replay.sources.get('lamp')?.lanes.marks).toMatchObject([
      { what: 'lost', at: startedAt, text: '40 lines lost' },
      { what: 'lost', at: startedAt + 60, text: '10 lines lost' },
      { what: 'lost', at: startedAt + 70, text: '4 lines lost' },
    ]);
  });

  test('the oldest rows go first when there are too many, and what is left is read as before', () => {
    const replay = createReplay({ mostRows: 2 * chunkLength });
    replay.read(textOf([header(), ...door]));
    const count = 5 * chunkLength;
    for (let n = 0; n < count; n += 1)
      replay.read(JSON.stringify(['s', n, 1, -1, 'tick', n % 2 ? 'off' : 'on', { n }]));
    const rows = replay.sources.get('lamp')?.rows;
    expect((rows?.next ?? 0) - (rows?.first ?? 0)).toBeLessThanOrEqual(3 * chunkLength);
    expect(replay.sources.get('lamp')?.forgotten).toBe(rows?.first);
    expect(seen(replay, startedAt + count - 3_000).actors.get('unit/mqtt')?.context).toMatchObject({
      n: count - 3_000,
    });
  });
});

test('units are kept apart', () => {
  const replay = createReplay();
  replay.read(textOf([['#', 'one', 0, 0], ...door, ['#', 'two', 0, 0], ...door, ['s', 9, 1, -1, 'go', 'on', 0]]));
  replay.read(
    textOf([
      ['#', 'one', 4, 0],
      ['s', 9, 1, -1, 'go', 'stuck', 0],
    ]),
  );
  const valueOf = (name: string) => replay.at(name, end)?.actors.get(1)?.value;
  expect([valueOf('one'), valueOf('two')]).toEqual(['"stuck"', '"on"']);
  expect(replay.lost).toBe(0);
});

test('a message keeps what became of it', () => {
  const replay = readerOf(
    aboutRun(),
    ['m', 1, 7, 'out', 'a', 2, '21', 1, false, 'queued'],
    ['m', 2, 8, 'in', 'b', 2, '{}', 0, false, 'received'],
    ['mf', 3, 7, 'refused', 'too large'],
    ['mf', 4, 8, 'handled'],
  );
  const source = replay.sources.get('lamp');
  const fates = [...(source?.topics.topics.values() ?? [])].map(({ topic, rows }) => {
    const fate = source?.rows.row(source.rows.row(rows.at(0)).from);
    return [topic, fate?.value, fate?.detail];
  });
  expect(fates).toEqual([
    ['a', 'refused', 'too large'],
    ['b', 'handled', undefined],
  ]);
});
