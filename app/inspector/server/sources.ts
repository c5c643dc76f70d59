import { redacted } from '../../../services/redaction.ts';
import { createRing, type Ring, type RingLimits } from '../ring.ts';
import type { Request } from '../wire.ts';

/** Most units that an inspector shows. */
export const maxSources = 32;

/** What passes a request on to a unit. */
type Ask = (request: Request) => void;

/** A unit, over all of its runs. */
export interface Source {
  readonly id: string;
  readonly ring: Ring;
  readonly isLive: boolean;
}

/** Where lines come from. */
export interface Origin {
  /** Tells this recording of the unit from every other one. */
  readonly recording: string;
  /** What the recording begins with that this one goes on with, even while that is connected: its parent process's. */
  readonly follows?: string | undefined;
}

/** A unit's connection, which adds lines to its source. */
export interface SourceLink {
  /** Number of the unit's line that is to come next. */
  wanted(): number;
  /** Takes the lines of a message. @param lost How many of the unit were dropped before them. */
  receive(first: number, lost: number, lines: readonly string[]): void;
  /** The connection ended. */
  end(reason: string): void;
}

interface Kept extends Source {
  isLive: boolean;
  /** Which recording of the unit the newest lines are of, and how far they go. */
  recording: string;
  received: number;
  ask: Ask | undefined;
  /** By how much the run's time is behind this process's, milliseconds. */
  behindMs: number;
}

const timeOf = (line: string): number | undefined => {
  const found = /^\["[a-z]+",([0-9.]+)/.exec(line);
  return found ? Number(found[1]) : undefined;
};

/** The sources by their ids, with room for so many. */
const createRegister = (limits: RingLimits | undefined) => {
  const byId = new Map<string, Kept>();
  /** Makes room for one more. @returns Whether there is any. */
  const makeRoom = (): boolean => {
    if (byId.size < maxSources) return true;
    const gone = [...byId.values()].find(({ isLive }) => !isLive);
    if (gone) byId.delete(gone.id);
    return gone !== undefined;
  };
  return {
    byId,
    /** Finds a source, or adds one. @returns `undefined` if there are too many. */
    sourceOf: (id: string): Kept | undefined => {
      const known = byId.get(id);
      if (known) return known;
      if (!makeRoom()) return undefined;
      const fresh = { isLive: false, recording: '', received: 0, ask: undefined, behindMs: 0 };
      const source: Kept = { id, ring: createRing(limits), ...fresh };
      byId.set(id, source);
      return source;
    },
  };
};

/** Names of a unit's sources: its own, then those of other processes that run as the same unit at the same time. */
const namesOf = (id: string): string[] =>
  Array.from({ length: maxSources }, (_, index) => (index === 0 ? id : `${id}~${index + 1}`));

type Append = (source: Kept, lost: number, lines: readonly string[]) => void;

/** The time now by the clock of a source's run, as far as it is known. */
const timeOfRun = ({ behindMs }: Kept): number => Math.max(0, Math.round((performance.now() - behindMs) * 10) / 10);

/** The connection of a unit to its source. */
const linkOf = (source: Kept, ask: Ask, append: Append): SourceLink => ({
  wanted: () => source.received,
  receive: (first, lost, lines) => {
    // A program that another process goes on with may still send.
    if (source.ask !== ask) return;
    source.received = first + lines.length;
    const newest = timeOf(lines.at(-1) ?? '');
    if (newest !== undefined) source.behindMs = performance.now() - newest;
    append(source, lost, lines);
  },
  end: (reason) => {
    // A newer connection of the same unit goes on.
    if (source.ask !== ask) return;
    source.isLive = false;
    source.ask = undefined;
    append(source, 0, [JSON.stringify(['end', timeOfRun(source), reason])]);
  },
});

/** Keeps the newest lines of each unit, also of those that are gone. */
export const createSources = ({ limits, onChange }: { limits?: RingLimits | undefined; onChange: () => void }) => {
  const { byId, sourceOf } = createRegister(limits);
  let shownRecording: string | undefined;
  const append: Append = ({ id, ring }, lost, lines) => {
    if (lost > 0) ring.append(JSON.stringify(['#', id, ring.next + 1, lost]));
    for (const line of lines) ring.append(line);
    onChange();
  };
  return {
    all: (): Iterable<Source> => byId.values(),
    get: (id: string): Source | undefined => byId.get(id),
    /** Name of the recording that all sources are of, such as a file's; `undefined` where they are live. */
    get recording(): string | undefined {
      return shownRecording;
    },
    /** All sources are of a recording: nothing live comes. */
    showRecording: (name: string) => {
      shownRecording = name;
    },
    /** Adds lines that come from no unit, such as a file's. @returns Whether there was room. */
    add: (id: string, lost: number, lines: readonly string[]): boolean => {
      const source = sourceOf(id);
      if (source) append(source, lost, lines);
      return source !== undefined;
    },
    /**
     * A unit is there. Its lines go on where its last run ended; while another process runs as the same unit, they are a
     * source of their own.
     *
     * @returns `undefined` if there are too many.
     */
    connect: (id: string, { recording, follows }: Origin, ask: Ask): SourceLink | undefined => {
      const names = namesOf(id);
      const isOwn = (known: Kept | undefined): boolean => known?.recording === recording;
      const isBefore = (known: Kept | undefined): boolean =>
        known?.isLive !== true || (follows !== undefined && known.recording.startsWith(follows));
      const name = names.find((one) => isOwn(byId.get(one))) ?? names.find((one) => isBefore(byId.get(one)));
      const source = name === undefined ? undefined : sourceOf(name);
      if (!source) return undefined;
      if (source.recording !== recording) Object.assign(source, { recording, received: 0 });
      source.isLive = true;
      source.ask = ask;
      return linkOf(source, ask, append);
    },
    /** Marks what somebody else knows of the units, such as their supervisor. */
    mark: (what: string, text: string) => {
      for (const source of byId.values()) {
        append(source, 0, [JSON.stringify(['mark', timeOfRun(source), what, redacted(text)])]);
      }
    },
    /** Passes a request on. @returns Whether its unit is there. */
    ask: (request: Request): boolean => {
      const ask = byId.get(request[2])?.ask;
      ask?.(request);
      return ask !== undefined;
    },
  };
};

export type Sources = ReturnType<typeof createSources>;
