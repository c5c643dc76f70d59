import { ClientError } from '../../../services/errors.ts';
import { RestartMode } from '../../../services/process-control.ts';
import type { Adapters, UpdateSetup } from '../../platform.ts';
import type { OutboxOptions } from '../../messaging/outbound/options.ts';
import type { LinkPreferences } from '../../messaging/router.ts';
import type { Codecs } from '../api/unit-types.ts';
import type { Inspector } from '../inspection.ts';
import { cycleTable, optionTable, waitTable } from './table.ts';

/** Options of the MQTT link. */
export interface MqttOptions extends LinkPreferences {
  /**
   * Version of MQTT: 5, 3.1.1 (`4`), or `'auto'`, which tries 5 and falls back to 3.1.1. Name one to save an attempt.
   *
   * @defaultValue `'auto'`
   */
  readonly protocol?: 'auto' | 5 | 4 | undefined;
}

/** Typed as a method: a check that takes a client fits where one of a handle is wanted. */
interface UnitCheck<TClient> {
  check(unit: TClient): unknown;
}

/** Options of updates of the unit's program. */
export interface UpdateOptions<TClient = unknown> extends UpdateSetup {
  /**
   * Time limit for each start of a new version to come online, subscribe to its base topics and pass `ready`, milliseconds.
   * Raise it on slow networks.
   *
   * @defaultValue 120_000
   */
  readonly healthTimeoutMs?: number | undefined;
  /** How many starts a new version gets before the previous one is restored. @defaultValue 3 */
  readonly trialStarts?: number | undefined;
  /**
   * How long the trial of a new version waits in all while no broker can be reached, milliseconds; time in which the unit
   * does not run does not count. Then the previous version is restored. 0 gives a start no more than `healthTimeoutMs`.
   *
   * @defaultValue 86_400_000
   */
  readonly offlineTrialMs?: number | undefined;
  /**
   * The app's own check of a new version, called once the unit is online. The start fails when it throws, rejects, returns
   * `false` or takes longer than `healthTimeoutMs`.
   *
   * @defaultValue none: a new version that is online has passed
   */
  readonly ready?: UnitCheck<TClient>['check'] | undefined;
}

/**
 * Documents that the app brings along in place of files, such as in a container, a page or a test: each an object, or the
 * `https:`, `http:` or `file:` address of one. Over `http:` anybody on the way can read the env's token.
 *
 * At the start a document is put where `envFilePath` or `schemaFilePath` says, once. What the instance sends later replaces
 * it there, and stays in force after a restart, for as long as the same document is given: another one is put in its place.
 * The version of an env that an update has installed stays, unless another one is given. On a disk that can't be written,
 * and where the folder does not outlive the program, each start begins with the given document.
 */
export interface DocumentOptions {
  /** The env; checked like env.json. At an address that does not answer, the one in place stays in force. */
  readonly env?: object | string | undefined;
  /** The schema; checked like schema.json, and kept in place like the env. */
  readonly schema?: object | string | undefined;
}

/** Options of the main cycle. */
export interface MainCycleOptions {
  /** Time between two calls of the output handler, milliseconds. Raise it to save CPU. @defaultValue 20 */
  readonly cycleMs?: number | undefined;
}

/** How long to wait. The unit goes on when the wait ends early. */
export interface WaitOptions {
  /** Time limit, milliseconds, up to 2^31 - 1. @defaultValue none */
  readonly timeoutMs?: number | undefined;
  /** Signal that ends the wait. @defaultValue none */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options of a unit.
 *
 * @typeParam TClient Argument of the app's callbacks.
 * @typeParam TCodecs Codecs, by topic key.
 * @typeParam TKey Topic keys that the outbox has a policy for.
 */
export interface UnitOptions<TClient = unknown, TCodecs extends Codecs = Codecs, TKey extends string = string> {
  /** Path of env.json. Its folder is the unit's folder, whose program an update replaces. */
  readonly envFilePath: string;
  /** Path of schema.json. */
  readonly schemaFilePath: string;
  /** Path of the log file, which keeps the newest PU_MAX_LOG_LENGTH entries. */
  readonly logFilePath: string;
  /**
   * How the program restarts after an update. Use `RestartMode.Exit` under a supervisor such as systemd.
   *
   * @defaultValue `'restart_exec'`
   */
  readonly restartMode?: (typeof RestartMode)[keyof typeof RestartMode] | undefined;
  /** Host of the NTP server. Name a local one where the internet is out of reach. @defaultValue `'pool.ntp.org'` */
  readonly ntpHost?: string | undefined;
  /** Whether an update to the running version is skipped. Turn it off to install the same version again. @defaultValue true */
  readonly ffVersionCheckEnable?: boolean | undefined;
  /** Whether the client joins the WiFi network of env.json itself. It needs a `wifi` adapter that can. @defaultValue false */
  readonly ffWifiManagerEnable?: boolean | undefined;
  /**
   * Whether the unit keeps an MQTT link. Turn it off for a unit that uses REST alone: it gets no messages and no commands,
   * reports no state, sends no log, and refuses what is published. It asks for its target version at each start.
   *
   * @defaultValue true
   */
  readonly ffMqttEnable?: boolean | undefined;
  /** Whether log entries go to the console. @defaultValue true */
  readonly ffConsoleLogEnable?: boolean | undefined;
  /** Whether log entries go to the instance over MQTT. Turn it off to save traffic. @defaultValue true */
  readonly ffMqttLogEnable?: boolean | undefined;
  /** Whether log entries go to the log file. Turn it off to spare flash memory. @defaultValue true */
  readonly ffFileLogEnable?: boolean | undefined;
  /** Documents in place of env.json and schema.json. @defaultValue none: both are read from their files */
  readonly documents?: DocumentOptions | undefined;
  /** Adapters that replace the platform's, such as a `wifi` for the device's own radio. */
  readonly adapters?: Partial<Adapters> | undefined;
  /**
   * Registers each child machine of the unit in its actor system, under this prefix and its name: with `'kitchen.'` as
   * `kitchen.mqtt`. They are found without it as `actor.getSnapshot().children.mqtt`.
   *
   * @defaultValue none: no child has a system id
   */
  readonly systemIdPrefix?: string | undefined;
  /** Observer of XState's inspection events of every machine; they contain no secrets. */
  readonly inspect?: Inspector | undefined;
  /** Options of the MQTT link: protocol, brokers, TLS, timeouts. */
  readonly mqtt?: MqttOptions | undefined;
  /** Options of the outbox, which queues messages while the link is down: limits, policies by topic, rate. */
  readonly outbox?: OutboxOptions<TKey> | undefined;
  /** Options of updates: data folders, signatures, trial of a new version. */
  readonly update?: UpdateOptions<TClient> | undefined;
  /**
   * Codecs, by the key of the Input whose messages `message.json()` gives them: a function of the parsed JSON that throws
   * for what it does not take, an object with such a `parse`, or a schema of zod, valibot or arktype. Name their type, for
   * `json()` to have theirs: `new PepeunitClient<Unit, typeof codecs>(…)`.
   *
   * @defaultValue none: `json()` returns what the message says
   * @example
   * import { PepeunitClient } from 'pepeunit-client';
   *
   * const codecs = { 'input/pepeunit': (value: unknown) => Number(value) };
   * const paths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
   * const thermostat = new PepeunitClient({ ...paths, codecs });
   */
  readonly codecs?: TCodecs | undefined;
}

const maxFaults = 10;

/** Creates the error for a list of faults; `undefined` for an empty one. */
const faultOf = (faults: readonly string[]): ClientError | undefined => {
  if (faults.length === 0) return undefined;
  const others = faults.length > maxFaults ? ` So are ${faults.length - maxFaults} more.` : '';
  return new ClientError(
    'options',
    `Options of the client are wrong. ${faults.slice(0, maxFaults).join(' ')}${others}`,
  );
};

const pathNames = ['envFilePath', 'schemaFilePath', 'logFilePath'] as const;

/** Makes the paths absolute. @returns Those that could be, and what is wrong with the others. */
const absolutePaths = (given: Partial<UnitOptions>, absolute: (path: string) => string) => {
  const paths: Partial<Record<(typeof pathNames)[number], string>> = {};
  const faults: string[] = [];
  for (const name of pathNames) {
    try {
      paths[name] = given[name] === undefined ? '' : absolute(given[name]);
    } catch {
      paths[name] = '';
      faults.push(`${name} is relative, and the working directory is gone. Give an absolute path.`);
    }
  }
  return { paths, faults };
};

type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** An option that is there as `undefined` is one that is not there. */
const withoutUndefined = (given: Partial<UnitOptions>): Defined<Partial<UnitOptions>> =>
  Object.fromEntries(Object.entries(given).filter(([, one]: [string, unknown]) => one !== undefined));

/**
 * Fills in the defaults, also for invalid values.
 *
 * @param absolute Makes a path independent of the working directory.
 * @returns The options, and the error of the invalid ones.
 */
export const resolveOptions = (given: UnitOptions, absolute: (path: string) => string) => {
  const { value, faults } = optionTable(given, '');
  const usable: Partial<UnitOptions> = value ?? {};
  const { paths, faults: pathFaults } = absolutePaths(usable, absolute);
  const options = {
    envFilePath: '',
    schemaFilePath: '',
    logFilePath: '',
    restartMode: RestartMode.RestartExec as RestartMode,
    ntpHost: 'pool.ntp.org',
    ffVersionCheckEnable: true,
    ffWifiManagerEnable: false,
    ffMqttEnable: true,
    ffConsoleLogEnable: true,
    ffMqttLogEnable: true,
    ffFileLogEnable: true,
    documents: {} as DocumentOptions,
    mqtt: {} as MqttOptions,
    outbox: {} as OutboxOptions,
    update: {} as UpdateOptions,
    systemIdPrefix: undefined as string | undefined,
    codecs: undefined as Codecs | undefined,
    ...withoutUndefined(usable),
    ...paths,
  };
  const { envFilePath, logFilePath, ffFileLogEnable, outbox } = options;
  // Without a valid path no files are written, rather than to a wrong place.
  const placed = {
    ffFileLogEnable: ffFileLogEnable && logFilePath !== '',
    outbox: envFilePath === '' ? { ...outbox, durable: false } : outbox,
  };
  return { options: { ...options, ...placed }, fault: faultOf([...faults, ...pathFaults]) };
};
export type ResolvedOptions = ReturnType<typeof resolveOptions>['options'];

/** Checks the options of the main cycle. @throws {ClientError} `options` */
export const checkCycle = (given: MainCycleOptions): void => {
  const fault = faultOf(cycleTable(given, '').faults);
  if (fault) throw fault;
};

/** Checks the limits of a wait. @throws {ClientError} `options` */
export const checkWait = (given: WaitOptions): void => {
  const fault = faultOf(waitTable(given, '').faults);
  if (fault) throw fault;
};
