import { startInstanceStub, type InstanceStub } from './instance-stub.ts';
import { compared, judged, type RowHead } from './result.ts';
import type { Row, Run } from './row.ts';
import { runPairs, runSubject, sourceFlags, type Pair, type Subject } from './subject.ts';

/** What many clients in one process take; the first four for each of the second half. */
export interface FleetMeasurement {
  readonly rssKb: number;
  readonly heapKb: number;
  /** CPU of all threads from the start until the clients are at rest. */
  readonly startCpuMs: number;
  readonly startMs: number;
  /** CPU of all of them at rest, of one core. */
  readonly idlePercent: number;
}

interface FleetHead extends RowHead {
  readonly of: keyof FleetMeasurement;
}

interface FleetSize {
  readonly count: number;
  /** Rest before memory is measured, seconds. */
  readonly settleSeconds: number;
  /** Rest before the CPU at rest is measured, seconds. */
  readonly restSeconds: number;
  /** How long the CPU at rest is measured, seconds. */
  readonly idleSeconds: number;
}

/** A fleet, and what it finds around. */
export interface FleetSetup extends FleetSize {
  /** Of the broker. */
  readonly port: number;
  readonly stub: InstanceStub;
  /** MQTT level: 4 or 5. */
  readonly protocol: number;
  /** More options of each unit. */
  readonly options: object;
}

/** Measures one fleet in a process of its own. */
export const measureFleet = (subject: Subject, { stub, ...setup }: FleetSetup): Promise<FleetMeasurement> => {
  const { restPort, timePort } = stub;
  return runSubject({
    program: 'fleet',
    setup: { ...setup, subject, restPort, timePort },
    flags: ['--expose-gc', ...sourceFlags],
  });
};

/** A pair starts 2,000 clients, and watches each thousand at rest. */
const mostPairs = 3;

const sizeOf = (quick: boolean): FleetSize =>
  quick
    ? { count: 20, settleSeconds: 0.2, restSeconds: 0, idleSeconds: 0.5 }
    : { count: 1000, settleSeconds: 5, restSeconds: 20, idleSeconds: 60 };

const measurePairs = async ({ peer, pairs, quick, protocol, options }: Run): Promise<Pair<FleetMeasurement>[]> => {
  const stub = await startInstanceStub({ hasTime: true });
  try {
    return await runPairs(Math.min(pairs, mostPairs), (subject) =>
      measureFleet(subject, { ...sizeOf(quick), protocol, options, port: peer.port, stub }),
    );
  } finally {
    await stub.stop();
  }
};

/** Rows of 1,000 clients in one process. */
export const fleetRow = (heads: readonly FleetHead[]): Row => ({
  heads,
  run: async (run) => {
    const pairs = await measurePairs(run);
    return heads.map((head) =>
      judged(head, compared(pairs.map(({ bare, unit }) => ({ bare: bare[head.of], unit: unit[head.of] })))),
    );
  },
});
