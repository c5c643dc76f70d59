import { ClientError } from '../../../services/errors.ts';
import { RestartMode } from '../../../services/process-control.ts';
import type { Adapters, UpdateSetup } from '../../platform.ts';
import type { OutboxOptions } from '../../messaging/outbound/options.ts';
import type { LinkPreferences } from '../../messaging/router.ts';
import type { Inspector } from '../inspection.ts';
import { cycleTable, optionTable } from './table.ts';

/** How the unit talks MQTT. */
export interface MqttOptions extends LinkPreferences {
  /** MQTT 5, MQTT 3.1.1 (`4`), or 5 where the broker speaks it. @defaultValue `'auto'` */
  readonly protocol?: 'auto' | 5 | 4;
}

/** How the unit takes on new versions of its program. */
export interface UpdateOptions<TUnit = unknown> extends UpdateSetup {
  /** How long each start of a new version may take to be online, with its base topics granted, and ready; milliseconds. @defaultValue 120_000 */
  readonly healthTimeoutMs?: number;
  /** How many starts a new version gets for that, before the previous one is restored. @defaultValue 3 */
  readonly trialStarts?: number;
  /**
   * The app's own check of a new version, called once it is online. When it throws, rejects, answers `false` or takes longer than
   * the health timeout, the new version has failed this start. @defaultValue a new version that is online is ready
   */
  ready?(unit: TUnit): unknown;
}

/** How often the main cycle comes round: every 20 ms by default. */
export interface MainCycleOptions {
  /** Milliseconds between two calls of the output handler. @defaultValue 20 */
  readonly cycleMs?: number;
}

/**
 * What a client is made of. What it can't use is reported, with what it could, by `ready()` and `runMainCycle()`.
 *
 * @typeParam TUnit What the app's callbacks among the options are given.
 */
export interface PepeunitClientOptions<TUnit = unknown> {
  /** Path of env.json. Its folder is the unit's folder, which an update replaces. */
  readonly envFilePath: string;
  readonly schemaFilePath: string;
  readonly logFilePath: string;
  /** What follows an update. @defaultValue `RestartMode.RestartExec` */
  readonly restartMode?: RestartMode;
  /** @defaultValue `'pool.ntp.org'` */
  readonly ntpHost?: string;
  /** Whether an update to the version that runs already is skipped. @defaultValue true */
  readonly ffVersionCheckEnable?: boolean;
  /** Whether the client joins the WiFi network itself. @defaultValue false */
  readonly ffWifiManagerEnable?: boolean;
  /** @defaultValue true */
  readonly ffConsoleLogEnable?: boolean;
  /** @defaultValue true */
  readonly ffMqttLogEnable?: boolean;
  /** @defaultValue true */
  readonly ffFileLogEnable?: boolean;
  /** Adapters that take the place of the platform's. */
  readonly adapters?: Partial<Adapters>;
  /** Receives XState's inspection events of every machine, which hold no secret. */
  readonly inspect?: Inspector;
  readonly mqtt?: MqttOptions;
  /** How messages wait for the link: bounds, a policy for each topic, the rate. */
  readonly outbox?: OutboxOptions;
  readonly update?: UpdateOptions<TUnit>;
}

const maxFaults = 10;

/** An error that tells what is wrong; `undefined` when nothing is. */
const faultOf = (faults: readonly string[]): ClientError | undefined => {
  if (faults.length === 0) return undefined;
  const others = faults.length > maxFaults ? ` So are ${faults.length - maxFaults} more.` : '';
  return new ClientError(
    'options',
    `Options of the client are wrong. ${faults.slice(0, maxFaults).join(' ')}${others}`,
  );
};

/** Fills in the defaults, also in the place of what can't be used, and tells what that is. */
export const resolveOptions = (given: PepeunitClientOptions) => {
  const { value, faults } = optionTable(given, '');
  const usable = value ?? {};
  const options = {
    envFilePath: '',
    schemaFilePath: '',
    logFilePath: '',
    restartMode: RestartMode.RestartExec as RestartMode,
    ntpHost: 'pool.ntp.org',
    ffVersionCheckEnable: true,
    ffWifiManagerEnable: false,
    ffConsoleLogEnable: true,
    ffMqttLogEnable: true,
    ffFileLogEnable: true,
    mqtt: {} as MqttOptions,
    outbox: {} as OutboxOptions,
    update: {} as UpdateOptions,
    ...(Object.fromEntries(
      Object.entries(usable).filter(([, one]) => one !== undefined),
    ) as Partial<PepeunitClientOptions>),
  };
  const { envFilePath, logFilePath, ffFileLogEnable, outbox } = options;
  // Where no place is known for them, no files are written at some other.
  const placed = {
    ffFileLogEnable: ffFileLogEnable && logFilePath !== '',
    outbox: envFilePath === '' ? { ...outbox, durable: false } : outbox,
  };
  return { options: { ...options, ...placed }, fault: faultOf(faults) };
};
export type ResolvedOptions = ReturnType<typeof resolveOptions>['options'];

/** @throws {ClientError} `options` */
export const checkCycle = (given: MainCycleOptions): void => {
  const fault = faultOf(cycleTable(given, '').faults);
  if (fault) throw fault;
};
