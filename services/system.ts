import { fromPromise } from 'xstate';
import { find, type Found, type OfUnit } from './finder.ts';

/** Metrics of the host; unavailable ones are omitted. */
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
  /** Measures once. Omits a metric that fails; never rejects for it. */
  measure(): Promise<SystemMetrics>;
}

/** The state report on `state/pepeunit`. */
export interface StateReport extends SystemMetrics {
  /** Unix milliseconds. */
  readonly millis: number;
  /** Commit of the version that runs. */
  readonly pu_commit_version: string;
}

const isMetric = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

const isListOf = (length: number, isItem: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length === length && value.every(isItem);

const checks: { [K in keyof SystemMetrics]-?: (value: unknown) => boolean } = {
  mem_free: isMetric,
  mem_alloc: isMetric,
  freq: isMetric,
  statvfs: isListOf(10, isMetric),
  ifconfig: isListOf(4, (item) => typeof item === 'string'),
};

/** The metrics in the shape that the instance takes; others are omitted. */
const sound = (metrics: SystemMetrics): SystemMetrics =>
  Object.fromEntries(
    Object.entries(checks).flatMap(([name, isSound]) => {
      const value = metrics[name as keyof SystemMetrics];
      return isSound(value) ? [[name, value]] : [];
    }),
  );

/**
 * Measures the host for one report: finite numbers alone, and always the running version.
 *
 * @example
 * import { measureState } from 'pepeunit-client/services';
 *
 * const report = await measureState(unit.world.system, () => unit.world.clock.now(), '5f1c0de');
 */
export const measureState = async (
  system: System,
  epochMs: () => number,
  commitVersion: string,
): Promise<StateReport> => ({
  millis: Math.round(epochMs()),
  ...sound(await system.measure()),
  pu_commit_version: commitVersion,
});

/**
 * Collects one report, for the state reporter's `collect`.
 *
 * @example
 * import { stateReporterMachine } from 'pepeunit-client/machines';
 * import { collectState } from 'pepeunit-client/services';
 *
 * const collect = collectState({ system: unit.world.system, epochMs: () => unit.world.clock.now() });
 * const machine = stateReporterMachine.provide({ actors: { collect } });
 */
export const collectState = (given: Found<{ readonly system: System; readonly epochMs: () => number }>) =>
  fromPromise<StateReport, OfUnit & { commitVersion: string }>(({ input, self }) => {
    const { system, epochMs } = find(given, self);
    return measureState(system, epochMs, input.commitVersion);
  });
export type CollectState = ReturnType<typeof collectState>;

/**
 * Sends one report, for the state reporter's `publish`.
 *
 * @example
 * import { stateReporterMachine } from 'pepeunit-client/machines';
 * import { publishState } from 'pepeunit-client/services';
 *
 * const publish = publishState({ sendState: async (report) => console.log(report.mem_free) });
 * const machine = stateReporterMachine.provide({ actors: { publish } });
 */
export const publishState = (given: Found<{ sendState(report: StateReport, signal: AbortSignal): Promise<void> }>) =>
  fromPromise<void, OfUnit & { report: StateReport }>(({ input, self, signal }) =>
    find(given, self).sendState(input.report, signal),
  );
export type PublishState = ReturnType<typeof publishState>;
