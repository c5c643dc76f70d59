import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { RecordedUnit, UnitRecorder } from '../../client/recording.ts';
import { createJsonText } from './json-text.ts';
import { createMachines, parentOf } from './machines.ts';
import { createMarks } from './marks.ts';
import { createMessages } from './messages.ts';
import { createRing, type Ring, type RingLimits } from '../ring.ts';
import { wireVersion, type Figures, type RunAbout } from '../wire.ts';

/** Lines between two checkpoints. */
const checkpointLines = 4096;
/** Milliseconds between two checkpoints, if there was anything to record. */
const checkpointMs = 60_000;
const tickMs = 1000;

/** What a recorder needs of the platform. */
export interface RecorderHost {
  /** Milliseconds by a clock that never jumps. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly epochMs: () => number;
  /** Calls back every so many milliseconds, without keeping the process alive. @returns Ends that. */
  readonly every: (ms: number, fn: () => void) => () => void;
  /** Bytes of the heap in use; absent where they are not known. */
  readonly heap?: () => number;
}

export interface RecorderOptions {
  readonly unit: RecordedUnit;
  /** What a run's line says, besides the time. */
  readonly about: Omit<RunAbout, 'v' | 'startedAt'>;
  readonly host: RecorderHost;
  readonly limits?: RingLimits;
  /** Called after each line that was recorded. */
  readonly onLine?: () => void;
}

/** The recording of a unit, and what writes it. */
export interface Recorder extends UnitRecorder {
  readonly ring: Ring;
  /** Finds a machine of this run. */
  actor(index: number): AnyActorRef | undefined;
  /** How often recording something failed; the unit never notices. */
  failures(): number;
  /** Ends the recording. */
  stop(): void;
}

const mib = 1024 * 1024;

/** The figures of a unit, and those of them that have changed since they were read last. */
const createFigures = ({ metrics }: RecordedUnit, { heap }: RecorderHost) => {
  let last: Figures = {};
  const read = (): Figures => {
    const { inbox, outbox } = metrics();
    return {
      outbox: outbox.waiting,
      inbox: inbox.waiting,
      received: inbox.received,
      published: outbox.sent,
      ...(heap && { heap: Math.round(heap() / mib) * mib }),
    };
  };
  return {
    all: () => last,
    changed: (): Figures => {
      const before = last;
      last = read();
      return Object.fromEntries(
        Object.entries(last).filter(([name, value]) => before[name as keyof Figures] !== value),
      );
    },
    forget: () => {
      last = {};
    },
  };
};

/** Counts what recording costs in failures instead of letting them into the unit. */
const createGuard = () => {
  let failures = 0;
  return {
    count: () => failures,
    around:
      <T extends unknown[]>(record: (...args: T) => void) =>
      (...args: T): void => {
        try {
          record(...args);
        } catch {
          failures += 1;
        }
      },
  };
};

/** Guards every function of an object. */
const guardAll = <T extends object>(watch: T, { around }: ReturnType<typeof createGuard>): T =>
  Object.fromEntries(
    Object.entries(watch).map(([name, fn]) => [name, around(fn as (...args: unknown[]) => void)]),
  ) as T;

/** The lines of a recording, by the time of the run. */
const createLines = ({ host, limits, onLine }: RecorderOptions) => {
  const ring = createRing(limits);
  let startedMs = host.now();
  let sinceCheckpoint = 0;
  let checkpointAt = 0;
  const at = () => Math.round((host.now() - startedMs) * 10) / 10;
  const append = (line: string) => {
    ring.append(line);
    onLine?.();
  };
  return {
    ring,
    at,
    write: (line: string) => {
      append(line);
      sinceCheckpoint += 1;
    },
    /** A run begins. */
    restart: () => {
      startedMs = host.now();
      checkpointAt = 0;
    },
    hasMany: () => sinceCheckpoint >= checkpointLines,
    isCheckpointDue: () => sinceCheckpoint > 0 && at() - checkpointAt >= checkpointMs,
    checkpoint: (machines: string, figures: Figures) => {
      sinceCheckpoint = 0;
      checkpointAt = at();
      append(`["k",${checkpointAt},${machines},${JSON.stringify(figures)}]`);
    },
  };
};

/** The parts of a recorder. */
const assemble = (options: RecorderOptions) => {
  const { unit, host, about } = options;
  const lines = createLines(options);
  const { at, write } = lines;
  const json = createJsonText({ redacted: unit.redacted, nameOf: (ref) => ref.id });
  const parts = { at, write, json };
  const machines = createMachines(parts);
  const figures = createFigures(unit, host);
  return {
    ...parts,
    lines,
    machines,
    messages: createMessages({ ...parts, redacted: unit.redacted }),
    marks: createMarks(parts),
    checkpoint: () => lines.checkpoint(machines.checkpoint(), figures.all()),
    begin: (root: AnyActorRef) => {
      lines.restart();
      figures.forget();
      const run: RunAbout = { v: wireVersion, ...about, startedAt: host.epochMs() };
      write(`["run",${json(run)}]`);
      machines.begin(root);
    },
    /** A second is over. */
    tick: () => {
      json.forget();
      machines.tick();
      const changed = figures.changed();
      if (Object.keys(changed).length > 0) write(`["f",${at()},${JSON.stringify(changed)}]`);
    },
  };
};

/**
 * Records what happens in a unit, as lines in a ring: its machines' steps, messages, log entries, figures, settings and
 * marks. Secrets are masked by the unit's own masker before anything is written.
 *
 * @example
 * const { ring } = createRecorder({ unit, about: { unit: 'kitchen', name: 'kitchen' }, host });
 */
export const createRecorder = (options: RecorderOptions): Recorder => {
  const { at, write, json, lines, machines, messages, marks, checkpoint, begin, tick } = assemble(options);
  const guard = createGuard();
  let isFollowing = false;
  const watched: Omit<UnitRecorder, 'inbound' | 'outbound'> = {
    follow: (root) => {
      isFollowing = true;
      begin(root);
    },
    inspect: (event: InspectionEvent) => {
      const ref = event.actorRef as AnyActorRef;
      if (event.type === '@xstate.actor' && !isFollowing && !parentOf(ref)) begin(ref);
      else machines.inspect(event);
      if (lines.hasMany()) checkpoint();
    },
    emitted: marks.emitted,
    settings: (variables) => {
      json.forget();
      write(`["env",${at()},${json(variables, { characters: 65_536, members: 1000 })}]`);
    },
    topics: (keys) => write(`["topics",${at()},${json(keys, { characters: 65_536, members: 1000 })}]`),
    logged: ({ level, text }) =>
      write(`["l",${at()},${json.text(level)},${json(text, { characters: 8192, text: 8192 })}]`),
    restarting: (mode) => marks.mark('restart', `The program is to restart: ${mode}`),
  };
  const everySecond = () => {
    tick();
    if (lines.hasMany() || lines.isCheckpointDue()) checkpoint();
  };
  return {
    ...guardAll(watched, guard),
    inbound: guardAll(messages.inbound, guard),
    outbound: guardAll(messages.outbound, guard),
    ring: lines.ring,
    actor: machines.actor,
    failures: guard.count,
    stop: options.host.every(tickMs, guard.around(everySecond)),
  };
};
