import * as fc from 'fast-check';
import type { JsonObject } from '../../../services/json.ts';
import type { Figures, RunAbout, StateValue, WireLine } from '../../../app/inspector/wire.ts';

/** Lines as they stand in a file. */
export const textOf = (lines: readonly WireLine[]): string => lines.map((line) => JSON.stringify(line)).join('\n');

export const startedAt = Date.parse('2026-03-01T22:00:00Z');

export const aboutRun = (more: Partial<RunAbout> = {}): WireLine => [
  'run',
  { v: 1, unit: 'a-unit', name: 'lamp', startedAt, pid: 1, ...more },
];

/** A machine as a straightforward reader keeps it. */
export interface Plain {
  readonly value: StateValue | undefined;
  readonly context: JsonObject;
}

export interface PlainUnit {
  readonly actors: ReadonlyMap<string, Plain>;
  readonly figures: Figures;
}

const nothing: PlainUnit = { actors: new Map(), figures: {} };

const actorIn = (unit: PlainUnit, path: string): Plain => unit.actors.get(path) ?? { value: undefined, context: {} };

const withActor = (unit: PlainUnit, path: string, actor: Plain): PlainUnit => ({
  ...unit,
  actors: new Map([...unit.actors, [path, actor]]),
});

/** Reads lines one by one, without any of what makes it fast. */
export const plainly = (lines: readonly WireLine[]): PlainUnit => {
  let unit = nothing;
  let paths: Record<number, string> = {};
  for (const line of lines) {
    if (line[0] === 'run') {
      paths = {};
      unit = nothing;
    }
    if (line[0] === 'actor') {
      paths[line[2]] = line[3];
      unit = withActor(unit, line[3], { value: undefined, context: {} });
    }
    if (line[0] === 's') {
      const [, , index, , , value, changed] = line;
      const path = paths[index] ?? '';
      const before = actorIn(unit, path);
      const context = { ...before.context, ...(changed === 0 ? {} : changed) };
      unit = withActor(unit, path, { value: value === 0 ? before.value : value, context });
    }
    if (line[0] === 'f') unit = { ...unit, figures: { ...unit.figures, ...line[2] } };
    if (line[0] === 'k')
      for (const [index, path, , , value, context] of line[2]) {
        paths[index] = path;
        unit = withActor(unit, path, { value, context });
      }
  }
  return unit;
};

const stateValue = fc.constantFrom<StateValue>('off', 'on', { linked: 'connecting' }, { linked: { open: 'quiet' } });
const changed = fc.dictionary(
  fc.constantFrom('attempts', 'topic', 'note'),
  fc.oneof(fc.nat(9), fc.string(), fc.boolean()),
  {
    noNullPrototype: true,
  },
);
const index = fc.nat(2);

type Line = (at: number) => WireLine;

const event: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        index,
        fc.constantFrom('go', 'link.closed'),
        fc.option(stateValue, { nil: 0 as const }),
        fc.option(changed, { nil: 0 as const }),
      )
      .map(([actor, type, value, context]): Line => (at) => ['s', at, actor, -1, type, value, context]),
  },
  { weight: 2, arbitrary: fc.nat(30).map((outbox): Line => (at) => ['f', at, { outbox }]) },
  {
    weight: 1,
    arbitrary: fc.nat(9).map((id): Line => (at) => ['m', at, id, 'out', 'a/b', 2, '21', 1, false, 'queued']),
  },
  { weight: 1, arbitrary: fc.nat(9).map((id): Line => (at) => ['mf', at, id, 'delivered']) },
  { weight: 1, arbitrary: fc.string().map((text): Line => (at) => ['l', at, 'Info', text]) },
);

const paths = ['unit', 'unit/mqtt', 'unit/time'];

const runLines = fc.array(fc.tuple(event, fc.nat(50)), { maxLength: 60 }).map((events) => {
  let at = 0;
  const created = paths.map((path, actor): WireLine => ['actor', 0, actor, path, actor === 0 ? -1 : 0, '']);
  const rest = events.map(([line, wait]) => line((at += wait)));
  return { lines: [...created, ...rest], length: at };
});

/** Recordings of one or more runs, each a while after the one before. */
export const recording: fc.Arbitrary<WireLine[]> = fc
  .array(fc.tuple(runLines, fc.nat(1_000)), { minLength: 1, maxLength: 4 })
  .map((runs) => {
    let begin = startedAt;
    return runs.flatMap(([{ lines, length }, wait], run) => {
      begin += wait;
      const about = aboutRun({ startedAt: begin, pid: run });
      begin += length + 1;
      return [about, ...lines];
    });
  });
