import type { Subject, UnitUnderFault } from './subject.ts';

/** What a fault cost the units at the most, and their processes. */
export interface Load {
  /** The most messages that waited in one unit. */
  readonly waiting: number;
  /** The most messages that the link of one unit had, and that were not acknowledged. */
  readonly sending: number;
  /** Messages that found no room, in all units. */
  readonly dropped: number;
  /** By how much a process grew, MB. */
  readonly grownMb: number;
}

export const noLoad: Load = { waiting: 0, sending: 0, dropped: 0, grownMb: 0 };

/** The bound of messages that wait, where a unit is not told another. */
const mostWaiting = 1_000;
/** What a link takes before it is acknowledged, live messages and then those that waited. */
const mostSending = 1_024 + 16;
/** Generous: what a process needs to warm up is most of it, the longest queue takes 4 MiB. */
const mostGrownMb = 120;

/** A queue, or a process, that grew beyond its bound. */
export class Unbounded extends Error {
  override readonly name = 'Unbounded';
}

const measureOne = async ({ units, growth }: Subject): Promise<Load> => {
  const grownMb = Math.round((await growth()) / 1024 / 1024);
  const metrics = await Promise.all(units.map((unit) => unit.metrics()));
  return {
    waiting: Math.max(...metrics.map(({ most }) => most.waiting)),
    sending: Math.max(...metrics.map(({ most }) => most.sending)),
    dropped: metrics.reduce((sum, { dropped }) => sum + dropped, 0),
    grownMb,
  };
};

/** What the fault has cost so far. */
export const measure = async (subjects: readonly Subject[]): Promise<Load> => {
  const loads = [noLoad, ...(await Promise.all(subjects.map(measureOne)))];
  return {
    waiting: Math.max(...loads.map(({ waiting }) => waiting)),
    sending: Math.max(...loads.map(({ sending }) => sending)),
    dropped: loads.reduce((sum, { dropped }) => sum + dropped, 0),
    grownMb: Math.max(...loads.map(({ grownMb }) => grownMb)),
  };
};

/**
 * Nothing may be dropped before the queue is full, no queue may pass its bound, and no process may grow on and on.
 *
 * @param bound Messages that may wait in each of the units.
 * @throws {Unbounded}
 */
export const checkLoad = ({ waiting, sending, dropped, grownMb }: Load, bound = mostWaiting): void => {
  if (waiting > bound) throw new Unbounded(`${waiting} messages waited, where ${bound} may`);
  if (sending > mostSending) throw new Unbounded(`the link had ${sending} messages, where it may have ${mostSending}`);
  if (dropped > 0 && waiting < bound)
    throw new Unbounded(`${dropped} messages were dropped while ${waiting} waited, where ${bound} may`);
  if (grownMb > mostGrownMb) throw new Unbounded(`the process grew by ${grownMb} MB, where it may by ${mostGrownMb}`);
};

const minuteMs = 60_000;
/** Begins what a unit logs because it was told to. */
const chatted = 'line ';
/** How often a unit may say the same in a minute. */
const mostSaid = 3;

/** What a line says, apart from numbers, and from how often it was counted. */
const kindOf = (text: string): string => text.replace(/ \(\d+ more times?\)$/, '').replaceAll(/\d+/g, '#');

/** No unit may say the same again and again. @throws {Unbounded} */
export const checkLines = ({ told }: UnitUnderFault): void => {
  const times = new Map<string, number[]>();
  for (const { type, text, at } of told) {
    if (type !== 'log' || text.startsWith(chatted)) continue;
    const recent = [...(times.get(kindOf(text)) ?? []).filter((earlier) => earlier > at - minuteMs), at];
    times.set(kindOf(text), recent);
    if (recent.length > mostSaid) throw new Unbounded(`"${text}" was said ${recent.length} times within a minute`);
  }
};
