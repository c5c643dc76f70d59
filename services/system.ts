import { fromPromise } from 'xstate';
import type { Timers } from './clock.ts';
import { ClientError, failureOf } from './errors.ts';
import { find, type Found, type OfUnit } from './finder.ts';
import { wrongAnswer } from './wrong-answer.ts';

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
  /** Measures once, within 5 seconds. Omits a metric that fails; never rejects for it. */
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

interface Check {
  readonly isSound: (value: unknown) => boolean;
  readonly wanted: string;
}

const amount: Check = { isSound: isMetric, wanted: 'a finite number from 0 on' };

const checks: { [K in keyof SystemMetrics]-?: Check } = {
  mem_free: amount,
  mem_alloc: amount,
  freq: amount,
  statvfs: { isSound: isListOf(10, isMetric), wanted: 'ten finite numbers from 0 on' },
  ifconfig: { isSound: isListOf(4, (item) => typeof item === 'string'), wanted: 'four texts' },
};

/** What a measurement works with. */
export interface MeasuringServices {
  readonly system: System;
  readonly clock: Timers;
  /** The unit's time, Unix milliseconds. */
  readonly epochMs: () => number;
  /** Receives what the reports go without and why, once for each metric. */
  readonly warn: (message: string) => void;
}

/** Measures the host for one report of this version. Never rejects. */
export type MeasureState = (commitVersion: string) => Promise<StateReport>;

const measureWithinMs = 5000;

const metricsOf = async (system: System): Promise<Readonly<Record<string, unknown>>> => {
  const metrics: unknown = await system.measure();
  if (typeof metrics === 'object' && metrics !== null) return metrics as Record<string, unknown>;
  throw new ClientError('invalid', wrongAnswer('measure()', 'system', metrics, 'an object of metrics'));
};

/** Waits for a measurement, but no longer than it may take. */
const inTime = <T>(measuring: Promise<T>, clock: Timers): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      const message = `measure() of the system adapter did not end within ${measureWithinMs} ms. Correct the adapter.`;
      reject(new ClientError('timeout', message));
    }, measureWithinMs);
    measuring.finally(() => clock.clearTimeout(timer)).then(resolve, reject);
  });

/**
 * Creates the measurement of a unit's host. A report has always the version; a metric that could not be had within 5
 * seconds, or is none, is left out and told once.
 *
 * @example
 * import { createStateMeasurement } from 'pepeunit-client/services';
 *
 * const { system, clock } = unit.world;
 * const measureState = createStateMeasurement({ system, clock, epochMs: () => clock.now(), warn: console.warn });
 * const report = await measureState('5f1c0de');
 */
export const createStateMeasurement = ({ system, clock, epochMs, warn }: MeasuringServices): MeasureState => {
  let told: Set<string> | undefined;
  const goWithout = (what: string, why: string) => {
    if (told?.has(what) === true) return;
    told ??= new Set();
    told.add(what);
    warn(`The state report goes without ${what}: ${why}`);
  };
  const metricsNow = async (): Promise<SystemMetrics> => {
    const metrics = await inTime(metricsOf(system), clock);
    const found = Object.entries(checks).filter(([name, { isSound, wanted }]) => {
      const value = metrics[name];
      if (value === undefined || isSound(value)) return value !== undefined;
      goWithout(name, wrongAnswer(`${name} in measure()`, 'system', value, wanted));
      return false;
    });
    return Object.fromEntries(found.map(([name]) => [name, metrics[name]]));
  };
  return async (commitVersion) => {
    const millis = Math.round(epochMs());
    const metrics = await metricsNow().catch((thrown: unknown): SystemMetrics => {
      goWithout('metrics of the host', failureOf(thrown).message);
      return {};
    });
    return { millis, ...metrics, pu_commit_version: commitVersion };
  };
};

/**
 * Collects one report, for the state reporter's `collect`.
 *
 * @example
 * import { stateReporterMachine } from 'pepeunit-client/machines';
 * import { collectState, createStateMeasurement } from 'pepeunit-client/services';
 *
 * const { system, clock } = unit.world;
 * const measureState = createStateMeasurement({ system, clock, epochMs: () => clock.now(), warn: console.warn });
 * const machine = stateReporterMachine.provide({ actors: { collect: collectState({ measureState }) } });
 */
export const collectState = (given: Found<{ readonly measureState: MeasureState }>) =>
  fromPromise<StateReport, OfUnit & { commitVersion: string }>(({ input, self }) =>
    find(given, self).measureState(input.commitVersion),
  );
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
