import { compared, judged, type RowHead } from './result.ts';
import type { Row, Run } from './row.ts';
import { spreadOf } from './spread.ts';
import { runPairs, runSubject, type Subject } from './subject.ts';

/** A row of one call that is made again and again. */
interface CallsHead extends RowHead {
  readonly call: 'command' | 'reconnect' | 'lookUp' | 'cipher';
  readonly of: 'ms' | 'perSecond';
  readonly count: number;
}

interface Measurement {
  /** Of the median call. */
  readonly ms: number;
  readonly perSecond: number;
}

const measureOf = ({ call, count, of }: CallsHead, { peer, quick, protocol, options }: Run) => {
  const setup = { call, count: Math.ceil(count / (quick ? 100 : 1)), port: peer.port, protocol, options };
  return async (subject: Subject): Promise<number> =>
    (await runSubject<Measurement>({ program: 'calls', setup: { ...setup, subject }, peer }))[of];
};

/** A row of a call of both clients. */
export const pairedCallsRow = (head: CallsHead): Row => ({
  heads: [head],
  run: async (run) => [judged(head, compared(await runPairs(run.pairs, measureOf(head, run))))],
});

/** A row of a call that bare mqtt.js has none like. */
export const unitCallsRow = (head: CallsHead): Row => ({
  heads: [head],
  run: async (run) => {
    const measure = measureOf(head, run);
    const measured: number[] = [];
    while (measured.length < run.pairs) measured.push(await measure('unit'));
    return [judged(head, { unit: spreadOf(measured) })];
  },
});
