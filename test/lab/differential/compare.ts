import { seeded } from '../../support/seeded.ts';
import { play, type Calls, type Script } from './play.ts';
import { cut, framesOf, scriptOf } from './scripts.ts';

/** A stream of bytes that the fast path and the MQTT library made different calls of. */
interface Difference {
  readonly seed: number;
  readonly chunks: readonly string[];
  readonly library: Calls;
  readonly fast: Calls;
}

const everyByte = (bytes: Buffer): Buffer[] => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

/** The ways in which the bytes of a script come: as packets, at once, cut anywhere, and a byte at a time. */
const waysOf = (random: () => number, { packets }: Script): readonly (readonly Buffer[])[] => {
  const bytes = Buffer.concat(packets);
  return [[bytes], cut(random, bytes, 1), cut(random, bytes, 4), everyByte(bytes)];
};

const isSame = (one: Calls, other: Calls): boolean => JSON.stringify(one) === JSON.stringify(other);

const pingreqByte = 0xc0;

const withoutPings = (calls: Calls): Calls => {
  const packets = framesOf(Buffer.from(calls.written, 'hex')).filter(([first]) => first !== pingreqByte);
  return { ...calls, written: Buffer.concat(packets).toString('hex') };
};

const isSameButForPings = (one: Calls, other: Calls): boolean => isSame(withoutPings(one), withoutPings(other));

/**
 * Plays the script of a seed by the MQTT library alone, packet by packet, and by the fast path, however its bytes come.
 *
 * Where the library itself makes something else of the same bytes in other chunks, as it does of malformed ones, that
 * counts as well. Where packets come at once, a PINGREQ behind messages of QoS 0 may have another place: it comes at the
 * end of a turn of the event loop, which they share.
 */
const compare = async (seed: number): Promise<{ readonly streams: number; readonly differences: Difference[] }> => {
  const random = seeded(seed);
  const script = scriptOf(random);
  const frames = framesOf(Buffer.concat(script.packets));
  const aligned = await play(script, false, frames, true);
  const ways = [frames, ...waysOf(random, script)];
  const differences: Difference[] = [];
  for (const [at, chunks] of ways.entries()) {
    const fast = await play(script, true, chunks, at === 0);
    const agree = at === 0 ? isSame : isSameButForPings;
    if (agree(aligned, fast) || agree(await play(script, false, chunks, true), fast)) continue;
    differences.push({ seed, chunks: chunks.map((chunk) => chunk.toString('hex')), library: aligned, fast });
  }
  return { streams: ways.length, differences };
};

/** What was found of many seeds. */
export interface Comparison {
  readonly streams: number;
  readonly differences: number;
  /** The first differences. */
  readonly first: readonly Difference[];
}

const atOnce = 50;
const mostShown = 5;

/** Runs a task while the clock stands still: whether a line counts as slow, and is sent a PINGREQ, depends on milliseconds. */
const whileClockStands = async <T>(task: () => Promise<T>): Promise<T> => {
  const { now } = performance;
  const stillMs = performance.now();
  performance.now = () => stillMs;
  try {
    return await task();
  } finally {
    performance.now = now;
  }
};

const compareAll = async (firstSeed: number, wanted: number): Promise<Comparison> => {
  const found: Difference[] = [];
  let streams = 0;
  for (let seed = firstSeed; streams < wanted; seed += atOnce) {
    const results = await Promise.all(Array.from({ length: atOnce }, (_, at) => compare(seed + at)));
    found.push(...results.flatMap(({ differences }) => differences));
    streams += results.reduce((sum, result) => sum + result.streams, 0);
  }
  return { streams, differences: found.length, first: found.slice(0, mostShown) };
};

/** Compares the streams of as many seeds, from the first one on, as it takes. */
export const compareSeeds = (firstSeed: number, wanted: number): Promise<Comparison> =>
  whileClockStands(() => compareAll(firstSeed, wanted));
