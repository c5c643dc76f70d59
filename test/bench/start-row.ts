import { compared, judged, type RowHead } from './result.ts';
import type { Row } from './row.ts';
import { runPairs, runSubject } from './subject.ts';

/** What the process of one client takes. */
interface StartMeasurement {
  /** CPU of all threads from the start of the process until the client has subscribed. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** At rest. */
  readonly rssMb: number;
}

interface StartHead extends RowHead {
  readonly of: keyof StartMeasurement;
}

/** Rows of a client in a process of its own, from the start of the process. */
export const startRow = (heads: readonly StartHead[]): Row => ({
  heads,
  run: async ({ peer, pairs, quick, protocol, options }) => {
    const setup = { port: peer.port, inputs: 1, qos: 1, bytes: 64, durable: true, protocol, options };
    const measured = await runPairs(pairs, (subject) =>
      runSubject<StartMeasurement>({ program: 'start', setup: { ...setup, subject, restSeconds: quick ? 0.2 : 5 } }),
    );
    return heads.map((head) =>
      judged(head, compared(measured.map(({ bare, unit }) => ({ bare: bare[head.of], unit: unit[head.of] })))),
    );
  },
});
