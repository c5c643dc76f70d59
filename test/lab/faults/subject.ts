import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OutboxOptions } from '../../../app/messaging/outbound/options.ts';
import { until } from '../../support/until.ts';

/** What a unit of a subject is made of. */
export interface UnitConfig {
  /** Holds env.json and schema.json. */
  readonly folder: string;
  readonly mqtt: Readonly<Record<string, unknown>>;
  readonly outbox?: Pick<OutboxOptions, 'messages'>;
  readonly update?: { readonly healthTimeoutMs: number };
  /** How often it publishes, QoS 1. @defaultValue never */
  readonly publishEveryMs?: number;
}

/** Something that a unit told, and when by `performance.now()`. */
interface Told {
  readonly type: string;
  readonly text: string;
  readonly at: number;
}

export interface UnitMetrics {
  /** Topic and bytes of each message, as no other has them, and what became of it. */
  readonly messages: readonly { readonly mark: string; readonly outcome: string }[];
  readonly pending: number;
  readonly inputs: number;
  /** Messages that found no room in the outbox. */
  readonly dropped: number;
  /** The longest time between two rounds of the control loop. */
  readonly longestPauseMs: number;
  /** The most messages that ever waited, and that the link had. */
  readonly most: { readonly waiting: number; readonly sending: number };
}

/** A unit in another process. */
export interface UnitUnderFault {
  readonly folder: string;
  readonly told: readonly Told[];
  /** Waits until it tells `online`, `offline`, or a log line with this text, for the `time`th time. @returns When. */
  tells(what: string, time?: number, timeoutMs?: number): Promise<number>;
  count(what: string): number;
  metrics(): Promise<UnitMetrics>;
  /** Lets it log a hundred lines. */
  chat(): Promise<void>;
  /** Lets it publish nothing more. */
  quiet(): Promise<void>;
  /** Gives a host its address, as if it was in the DNS from now on; for all units of the process. */
  name(host: string, address: string): Promise<void>;
  /** Takes it off the broker. */
  disconnect(): Promise<void>;
  /** Takes it off the broker, and back on it. */
  reconnect(): Promise<void>;
  /** Stops it. @returns How long that took, in milliseconds. */
  stop(): Promise<number>;
  /** Sends a signal to its process. */
  signal(name: NodeJS.Signals): void;
}

/** What a process uses. */
export interface Resources {
  /** Bytes, after a collection. */
  readonly rss: number;
  readonly heap: number;
  /** Listeners of the process and of its sockets. */
  readonly listeners: number;
  /** Sockets, timers and whatever else keeps it alive. */
  readonly handles: number;
}

/** A process with units in it. */
export interface Subject {
  readonly units: readonly UnitUnderFault[];
  /** Messages that may wait in each of its units. @defaultValue the client's own bound */
  readonly bound: number | undefined;
  /** How the process ended before it should have; `undefined` while all is well. */
  crash(): string | undefined;
  resources(): Promise<Resources>;
  /** By how many bytes it was larger at the most than when it began. */
  growth(): Promise<number>;
  /** Lets it end by itself. @throws When something keeps it alive. */
  leave(): Promise<void>;
  /** Ends it by SIGTERM, which stops its units. @returns How long that took, in milliseconds. */
  terminate(): Promise<number>;
  kill(): void;
}

interface FromSubject {
  readonly type: string;
  readonly unit?: number;
  readonly text?: string;
  readonly id?: number;
  readonly answer?: unknown;
}

const program = fileURLToPath(new URL('subject.mjs', import.meta.url));

/** What the process of a subject is put into. */
export interface Surroundings {
  /** How far any file of it may grow, KiB: what is written beyond fails, as on a full disk. @defaultValue any */
  readonly fileKb?: number;
  /** Whether it is the first process of a container of its own, as far as processes go. */
  readonly isContained?: boolean;
}

const startProcess = (configs: readonly UnitConfig[], { fileKb, isContained = false }: Surroundings) => {
  const limit = fileKb === undefined ? '' : `ulimit -f ${fileKb * 2}; `;
  const container = isContained ? ['unshare', '-mpf', '--mount-proc', '--kill-child'] : [];
  const command = [...container, process.execPath, '--expose-gc', program, JSON.stringify(configs)];
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...command], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  let end: string | undefined;
  let isLeaving = false;
  const told: Told[][] = configs.map(() => []);
  child.on('message', ({ unit, type, text = '' }: FromSubject) => {
    if (unit !== undefined) told[unit]?.push({ type, text, at: performance.now() });
  });
  child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
  child.once('exit', (code, signal) => (end = `${signal ?? `exit code ${code}`} ${said}`.trim()));
  return {
    child,
    crash: () => (isLeaving ? undefined : end),
    leaving: () => (isLeaving = true),
    hasEnded: () => end !== undefined,
    said: () => said,
    told,
  };
};

/** Asks the process for things, and waits for its answers. */
const asking = ({ child, crash }: ReturnType<typeof startProcess>) => {
  const answers = new Map<number, unknown>();
  let last = 0;
  child.on('message', ({ type, id, answer }: FromSubject) => {
    if (type === 'answer' && id !== undefined) answers.set(id, answer);
  });
  return async <T>(order: string, more: object = {}): Promise<T> => {
    const id = (last += 1);
    child.send({ id, order, ...more });
    await until(() => answers.has(id) || crash() !== undefined, { what: `an answer to ${order}`, timeoutMs: 20_000 });
    if (!answers.has(id)) throw new Error(`The process ended: ${crash()}`);
    return answers.get(id) as T;
  };
};

const unitOf = (
  { folder }: UnitConfig,
  unit: number,
  { child, crash, told: toldByAll }: ReturnType<typeof startProcess>,
  ask: ReturnType<typeof asking>,
): UnitUnderFault => {
  const told = toldByAll[unit] ?? [];
  const those = (what: string) => told.filter(({ type, text }) => type === what || text.includes(what));
  return {
    folder,
    told,
    count: (what) => those(what).length,
    tells: async (what, time = 1, timeoutMs = 30_000) => {
      await until(() => those(what).length >= time || crash() !== undefined, {
        what: `"${what}" of the unit for the ${time}. time`,
        timeoutMs,
      });
      const found = those(what)[time - 1];
      if (!found) throw new Error(`The process ended: ${crash()}`);
      return found.at;
    },
    metrics: () => ask('metrics', { unit }),
    chat: () => ask('chat', { unit }),
    quiet: () => ask('quiet', { unit }),
    name: (host, address) => ask('name', { host, address }),
    disconnect: () => ask('disconnect', { unit }),
    reconnect: () => ask('reconnect', { unit }),
    stop: async () => (await ask<{ ms: number }>('stop', { unit })).ms,
    signal: (name) => void child.kill(name),
  };
};

/** Starts a process with units in it. */
export const startSubject = async (
  configs: readonly UnitConfig[],
  surroundings: Surroundings = {},
): Promise<Subject> => {
  const running = startProcess(configs, surroundings);
  const { child, crash } = running;
  const ask = asking(running);
  const units = configs.map((config, unit) => unitOf(config, unit, running, ask));
  await new Promise<void>((resolve, reject) => {
    child.on('message', ({ type }: FromSubject) => type === 'started' && resolve());
    child.once('exit', () => reject(new Error(`The process did not start: ${running.said()}`)));
  });
  return {
    units,
    bound: configs[0]?.outbox?.messages,
    crash,
    resources: () => ask('resources'),
    growth: () => ask('growth'),
    leave: async () => {
      running.leaving();
      child.send({ order: 'leave' });
      await until(running.hasEnded, { what: 'the end of a process whose units have stopped' });
    },
    terminate: async () => {
      running.leaving();
      const begun = performance.now();
      child.kill('SIGTERM');
      await until(running.hasEnded, { what: 'the end of a process after SIGTERM', timeoutMs: 60_000 });
      return Math.round(performance.now() - begun);
    },
    kill: () => void child.kill('SIGKILL'),
  };
};
