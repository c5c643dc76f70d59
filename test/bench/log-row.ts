import { judged, type RowHead } from './result.ts';
import type { Row } from './row.ts';
import { spreadOf } from './spread.ts';
import { runSubject, sourceFlags } from './subject.ts';

interface Measurement {
  readonly perSecond: number;
  readonly bytesPerEntry: number;
}

interface LogHead extends RowHead {
  readonly of: keyof Measurement;
}

/** As many as env.json keeps where it says nothing. */
const maxLines = 64;

/** Rows of log entries, each on disk before the next. */
export const logRow = (heads: readonly LogHead[]): Row => ({
  heads,
  run: async ({ pairs, quick }) => {
    const setup = { count: quick ? 50 : 5000, maxLines };
    const measured: Measurement[] = [];
    while (measured.length < pairs) {
      measured.push(await runSubject<Measurement>({ program: 'log', setup, flags: sourceFlags }));
    }
    return heads.map((head) => judged(head, { unit: spreadOf(measured.map((one) => one[head.of])) }));
  },
});
