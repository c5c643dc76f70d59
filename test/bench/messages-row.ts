import type { Traffic } from './peer.ts';
import { compared, judged, type RowHead, type RowResult } from './result.ts';
import type { Row, Run } from './row.ts';
import { runPairs, runSubject } from './subject.ts';

/** A row of messages through one link. */
interface MessagesRow extends RowHead, Partial<Traffic> {
  readonly direction: 'in' | 'out';
  readonly qos: 0 | 1;
  /** Measured messages, in thousands; a quarter of that goes before, as warm-up. */
  readonly thousands: number;
  /** Whether each message is awaited before the next. */
  readonly isAwaited?: boolean;
  readonly durable?: boolean;
}

interface Measurement {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** By how much `--quick` shortens a run. */
const quicker = 100;

const measure = async (row: MessagesRow, { peer, pairs, quick, protocol, options }: Run): Promise<RowResult> => {
  const { direction, qos, isAwaited = false, durable = true } = row;
  const traffic: Traffic = {
    direction,
    qos,
    bytes: row.bytes ?? 64,
    window: isAwaited ? 1 : (row.window ?? 1000),
    inputs: row.inputs ?? 1,
  };
  const count = (row.thousands * 1000) / (quick ? quicker : 1);
  const ceiling = await peer.ceiling(traffic);
  const measured = await runPairs(pairs, (subject) =>
    runSubject<Measurement>({
      program: 'messages',
      setup: { ...traffic, subject, count, warmUp: count / 4, isAwaited, durable, protocol, options, port: peer.port },
      peer,
    }),
  );
  const of = (name: keyof Measurement) =>
    compared(measured.map(({ bare, unit }) => ({ bare: bare[name], unit: unit[name] })));
  const rate = of('perSecond');
  const { bare, unit, ratio } = of('cpuMicros');
  const fastest = Math.max(rate.bare.median, rate.unit.median);
  return judged(row, {
    ...rate,
    cpu: { bare, unit, ratio },
    peer: { language: peer.language, ceiling, isLimit: ceiling === undefined || ceiling < 2 * fastest },
  });
};

/** Makes a row of messages; its numbers are messages a second. */
export const messagesRow = (row: MessagesRow): Row => ({
  heads: [row],
  run: async (run) => [await measure(row, run)],
});
