import { fromPromise } from 'xstate';

/** What the host can tell about itself; what it can't is left out. */
export interface SystemMetrics {
  /** Free memory, bytes. */
  readonly mem_free?: number;
  /** Memory in use by the program, bytes. */
  readonly mem_alloc?: number;
  /** CPU frequency, Hz. */
  readonly freq?: number;
  /** The ten numbers of statvfs(3): bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax. */
  readonly statvfs?: readonly number[];
  /** Address, mask, gateway and DNS server of the interface that reaches the network. */
  readonly ifconfig?: readonly string[];
}

/** Measures the host. */
export interface System {
  /** Never rejects for one missing figure: it leaves that figure out. */
  measure(): Promise<SystemMetrics>;
}

/** What a unit reports on `state/pepeunit`. */
export interface StateReport extends SystemMetrics {
  /** Unix milliseconds. */
  readonly millis: number;
  readonly pu_commit_version: string;
}

/** Collects one report, for the state reporter's `collect`. */
export const collectState = (system: System, epochMs: () => number) =>
  fromPromise<StateReport, { commitVersion: string }>(async ({ input }) => ({
    millis: Math.round(epochMs()),
    ...(await system.measure()),
    pu_commit_version: input.commitVersion,
  }));
export type CollectState = ReturnType<typeof collectState>;

/** Sends one report, for the state reporter's `publish`. */
export const publishState = (send: (report: StateReport, signal: AbortSignal) => Promise<void>) =>
  fromPromise<void, { report: StateReport }>(({ input, signal }) => send(input.report, signal));
export type PublishState = ReturnType<typeof publishState>;
