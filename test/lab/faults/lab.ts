import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../services/json.ts';
import { envDocument, schemaDocument } from '../../support/documents.ts';
import { createFolder } from '../../support/folder.ts';
import { startMosquitto, type Mosquitto, type MosquittoOptions } from '../../support/mosquitto.ts';
import { until } from '../../support/until.ts';
import { checkLines, checkLoad, measure, noLoad, Unbounded, type Load } from './load.ts';
import { startRogueBroker, type Misbehaviour, type RogueBroker } from './rogue-broker.ts';
import { startSubject, type Subject, type Surroundings, type UnitConfig, type UnitUnderFault } from './subject.ts';

/** What a row of the lab found out. */
export interface Finding {
  readonly happened: string;
  /** How long the unit was without its link, or did without what was broken. */
  readonly seconds: number;
}

/** One fault. */
export interface Row {
  readonly fault: string;
  /** What the reference client does there. */
  readonly reference?: string;
  /** Whether it is over within some seconds. */
  readonly isQuick?: boolean;
  /** Whether it needs namespaces of Linux: a disk or a container of its own. */
  readonly needsNamespaces?: boolean;
  /** Whether how long the stop takes is what is measured. */
  readonly isStop?: boolean;
  /** Whether its processes are ended by SIGTERM, while the fault goes on. */
  readonly isTerminated?: boolean;
  run(lab: Lab): Promise<Finding>;
}

/** What became of a fault. */
export interface Result extends Finding, Load {
  readonly fault: string;
  readonly reference: string;
  readonly crashed?: string;
  readonly hung?: string;
  /** Which bound did not hold. */
  readonly unbounded?: string;
  /** Messages that were taken or acknowledged, and never came. */
  readonly lost: number;
}

/** What a unit of the lab is made of. */
export interface UnitOptions extends Surroundings {
  /** The folder that it shares with another one. @defaultValue one of its own */
  readonly folder?: string;
  readonly port?: number;
  readonly env?: JsonObject;
  readonly mqtt?: UnitConfig['mqtt'];
  readonly outbox?: UnitConfig['outbox'];
  readonly update?: UnitConfig['update'];
  /** Whether it publishes all the time. @defaultValue with a `witness` alone */
  readonly publishes?: boolean;
  /** @defaultValue 100 */
  readonly publishEveryMs?: number;
  /** Knows what came to the broker: every message that the unit took must. */
  readonly witness?: Witness;
}

/** Knows which messages came, by their topics and sizes. */
export type Witness = () => ReadonlySet<string>;

/** What a row is played on; all of it is gone when the row is over. */
export interface Lab {
  unit(options: UnitOptions): Promise<UnitUnderFault>;
  /** Units that share a process. */
  units(options: readonly UnitOptions[]): Promise<readonly UnitUnderFault[]>;
  mosquitto(options?: MosquittoOptions): Promise<Mosquitto>;
  rogue(misbehaviour?: Misbehaviour, secure?: Parameters<typeof startRogueBroker>[1]): Promise<RogueBroker>;
  later<T extends { stop(): unknown }>(started: T): T;
}

/** Topics and sizes of the messages that mosquitto wrote into its log. */
export const seenBy = (brokers: readonly Pick<Mosquitto, 'said'>[]): Set<string> =>
  new Set(
    brokers.flatMap(({ said }) =>
      [...said().matchAll(/Received PUBLISH .*'(.+)', \.\.\. \((\d+) bytes\)/g)].map(
        ([, topic = '', bytes = '']) => `${topic} ${bytes}`,
      ),
    ),
  );

const optionsByValue: Readonly<Record<string, Readonly<Record<string, UnitConfig['mqtt']>>>> = {
  protocol: { 4: { protocol: 4 }, 5: { protocol: 5 } },
  'fast-path': { on: { fastPath: true }, off: { fastPath: false } },
};

/** What the run asks for of the links of units whose rows say nothing about it. @throws {Error} It asks for what there is not. */
export const asked = (): UnitConfig['mqtt'] =>
  Object.entries(optionsByValue).reduce((options, [name, byValue]) => {
    const value = process.env[`LAB_${name.toUpperCase().replaceAll('-', '_')}`];
    if (value === undefined) return options;
    const option = byValue[value];
    if (!option) throw new Error(`--${name} takes ${Object.keys(byValue).join(' or ')}, not "${value}"`);
    return { ...options, ...option };
  }, {});

const prepare = async (
  folder: string,
  {
    port = 1,
    env,
    mqtt,
    outbox,
    update,
    witness,
    publishes = witness !== undefined,
    publishEveryMs = 100,
  }: UnitOptions,
): Promise<UnitConfig> => {
  const settings = { PU_MQTT_PORT: port, PU_MQTT_PING_INTERVAL: 2, PU_MQTT_KEEPALIVE: 6, PU_MAX_LOG_LENGTH: 1000 };
  await writeFile(join(folder, 'env.json'), JSON.stringify(envDocument({ ...settings, ...env })));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(schemaDocument()));
  return {
    folder,
    mqtt: { timeoutMs: 2000, ...asked(), ...mqtt },
    ...(outbox && { outbox }),
    ...(update && { update }),
    ...(publishes && { publishEveryMs }),
  };
};

/**
 * Waits until every message that the unit took has come, but for those that it dropped later for want of room.
 *
 * @returns How many did not.
 */
export const countLost = async (unit: UnitUnderFault, witness: Witness): Promise<number> => {
  await unit.quiet();
  const missing = async () => {
    const { messages, dropped } = await unit.metrics();
    const came = witness();
    const absent = messages.filter(
      ({ mark, outcome }) => ['delivered', 'queued', 'pending'].includes(outcome) && !came.has(mark),
    );
    const droppedAtOnce = messages.filter(({ outcome }) => outcome === 'dropped').length;
    return Math.max(0, absent.length - (dropped - droppedAtOnce));
  };
  await until(async () => (await missing()) === 0, { timeoutMs: 60_000 }).catch(() => undefined);
  return missing();
};

/** A lab, and what is in it. */
export interface Bench extends Lab {
  readonly subjects: readonly Subject[];
  readonly watched: readonly { unit: UnitUnderFault; witness: Witness }[];
  clear(): Promise<void>;
}

/** Opens an empty lab. */
export const openBench = (): Bench => {
  const subjects: Subject[] = [];
  const watched: { unit: UnitUnderFault; witness: Witness }[] = [];
  const endings: (() => unknown)[] = [];
  const later = <T extends { stop(): unknown }>(started: T): T => {
    endings.unshift(() => started.stop());
    return started;
  };
  const folder = async () => {
    const { path, remove } = await createFolder();
    endings.unshift(remove);
    return path;
  };
  const units: Lab['units'] = async (options) => {
    const configs = await Promise.all(
      options.map(async (each) => {
        return prepare(each.folder ?? (await folder()), each);
      }),
    );
    const subject = await startSubject(configs, options[0]);
    subjects.push(subject);
    endings.unshift(() => subject.kill());
    for (const [at, { witness }] of options.entries()) {
      const unit = subject.units[at];
      if (witness && unit) watched.push({ unit, witness });
    }
    return subject.units;
  };
  return {
    subjects,
    watched,
    later,
    units,
    unit: async (options) => (await units([options]))[0] as UnitUnderFault,
    mosquitto: async (options = {}) =>
      later(await startMosquitto({ ...options, lines: ['log_dest stderr', 'log_type all', ...(options.lines ?? [])] })),
    rogue: async (...how) => later(await startRogueBroker(...how)),
    clear: async () => {
      for (const end of endings.splice(0)) await end();
    },
  };
};

const checkStop = (ms: number): number => {
  if (ms > 5000) throw new Error(`stopping took ${ms} ms`);
  return ms;
};

/** Ends every process by SIGTERM. @returns The longest time that took, in milliseconds. */
const terminateAll = async ({ subjects }: Bench): Promise<number> => {
  let longest = 0;
  for (const subject of subjects) longest = Math.max(longest, checkStop(await subject.terminate()));
  return longest;
};

/** Stops every unit, and waits until their processes have ended by themselves. @returns The longest stop, in milliseconds. */
const stopAll = async ({ subjects }: Bench): Promise<number> => {
  let longest = 0;
  for (const subject of subjects) {
    for (const unit of subject.units) {
      longest = Math.max(longest, checkStop(await unit.stop()));
    }
    await subject.leave();
  }
  return longest;
};

export const secondsBetween = (from: number, to: number): number => Math.round((to - from) / 10) / 100;

const failureOf = (thrown: unknown, { subjects }: Bench): Pick<Result, 'crashed' | 'hung' | 'unbounded'> => {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const crashed = subjects.map((subject) => subject.crash()).find((crash) => crash !== undefined);
  if (crashed !== undefined) return { crashed };
  return thrown instanceof Unbounded ? { unbounded: why } : { hung: why };
};

const countAllLost = async ({ watched }: Bench): Promise<number> => {
  const losses = await Promise.all(watched.map(({ unit, witness }) => countLost(unit, witness)));
  return losses.reduce((sum, lost) => sum + lost, 0);
};

/** Plays a row: it recovers, loses nothing that it took, stays within its bounds, stops within five seconds, and leaves nothing running. */
export const play = async ({ fault, reference = 'not measured', isStop, isTerminated, run }: Row): Promise<Result> => {
  const lab = openBench();
  let result: Result = { fault, reference, happened: '', seconds: 0, lost: 0, ...noLoad };
  try {
    result = { ...result, ...(await run(lab)) };
    result = { ...result, lost: await countAllLost(lab) };
    result = { ...result, ...(await measure(lab.subjects)) };
    const stopMs = await (isTerminated ? terminateAll : stopAll)(lab);
    checkLoad(result, lab.subjects[0]?.bound);
    for (const unit of lab.subjects.flatMap(({ units }) => units)) checkLines(unit);
    return isStop || isTerminated ? { ...result, seconds: secondsBetween(0, stopMs) } : result;
  } catch (thrown) {
    const failure = failureOf(thrown, lab);
    return { ...result, happened: result.happened || (Object.values(failure)[0] ?? ''), ...failure };
  } finally {
    await lab.clear();
  }
};
