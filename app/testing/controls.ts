import type { JsonObject } from '../../services/json.ts';
import { parseSchema, schemaSections, type UnitSchema } from '../../services/schema.ts';
import type { Payload } from '../client/api/mqtt-client.ts';
import { spoken, type CommandName } from '../messaging/inbound/command.ts';
import { passTime, passTimeUntil, settle } from './settle.ts';
import type { MemoryAdapters } from './memory.ts';

/**
 * What a test does to a unit from outside, and what it sees of it. Topics go by their key in the schema.
 *
 * @typeParam TInput Keys of the unit's Inputs.
 * @typeParam TOutput Keys that it publishes to.
 */
export interface TestControls<TInput extends string = string, TOutput extends string = string> {
  /** Sends the unit a message of an input, then settles. @throws {Error} The schema has no such key. */
  receive(key: TInput, payload: Payload | JsonObject): Promise<void>;
  /**
   * Sends the unit a command as its instance does, then settles.
   *
   * @param fields Of the payload besides `COMMAND`, such as `PU_COMMIT_VERSION` of an update.
   */
  command(name: CommandName, fields?: JsonObject): Promise<void>;
  /** Payloads that the broker has taken on an output, or a base output such as `state/pepeunit`, oldest first. */
  published(key: TOutput): string[];
  /** Texts of the log entries on the console, oldest first. */
  logged(): string[];
  /** Ends the link once; the unit reconnects. */
  cut(): void;
  /** Parts the unit from the brokers at these hosts until `heal`; without hosts from the whole network: brokers, REST API and time. */
  partition(...hosts: string[]): void;
  /** Ends the partition from these hosts; without hosts, every partition. */
  heal(...hosts: string[]): void;
  /**
   * Denies these keys, in all sections of the schema: their subscriptions, and what is published on them. Without keys all
   * of them, as a broker does while the instance is away.
   */
  deny(...keys: string[]): void;
  /** Grants these keys again; without keys, all. */
  allow(...keys: string[]): void;
  /**
   * Plans what happens as time passes.
   *
   * @param steps What is done, by milliseconds from now.
   */
  script(steps: Readonly<Record<number, () => void>>): void;
  /** Moves the clock forward; what each timer brings about has happened before the next one is due. */
  advance(ms: number): Promise<void>;
  /** Lets everything happen that waits for promises alone. */
  settle(): Promise<void>;
  /**
   * Moves the clock forward, from timer to timer, until a check holds.
   *
   * @param withinMs @defaultValue 600_000
   * @throws {Error} The check did not hold by then.
   */
  until(check: () => boolean, withinMs?: number): Promise<void>;
}

const textOf = (payload: Payload | JsonObject): string | Uint8Array => {
  if (payload instanceof Uint8Array) return payload;
  return typeof payload === 'object' ? JSON.stringify(payload) : String(payload);
};

type Section = keyof UnitSchema;

const inputs = ['input_topic'] as const;
const outputs = ['output_topic', 'output_base_topic'] as const;

/** Finds the topics of keys in the schema that the unit has now. */
const topicFinder = ({ storage }: Pick<MemoryAdapters, 'storage'>) => {
  const schema = (): UnitSchema => parseSchema(JSON.parse(storage.text('schema.json') ?? 'null'));
  const all = (): string[] => {
    const now = schema();
    return schemaSections.flatMap((section) => Object.values(now[section]).flat());
  };
  const of = (key: string, sections: readonly Section[]): readonly string[] => {
    const now = schema();
    const found = sections.flatMap((section) => now[section][key] ?? []);
    if (found.length > 0) return found;
    const keys = sections.flatMap((section) => Object.keys(now[section]));
    throw new Error(`${key} is no key of ${sections.join(' or ')}. There are: ${keys.join(', ') || 'none'}.`);
  };
  return { of, all };
};

const createFaults = (
  { broker, brokerProbe, clockSource, http }: MemoryAdapters,
  topics: ReturnType<typeof topicFinder>,
): Pick<TestControls, 'cut' | 'partition' | 'heal' | 'deny' | 'allow'> => {
  const named = (keys: readonly string[]): readonly string[] =>
    keys.length === 0 ? topics.all() : keys.flatMap((key) => topics.of(key, schemaSections));
  const setNetwork = (isReachable: boolean): void => {
    brokerProbe.isReachable = isReachable;
    http.isReachable = isReachable;
    clockSource.isReachable = isReachable;
  };
  return {
    cut: () => broker.cut(),
    partition: (...hosts) => {
      broker.partition(...hosts);
      if (hosts.length === 0) setNetwork(false);
    },
    heal: (...hosts) => {
      broker.heal(...hosts);
      if (hosts.length === 0) setNetwork(true);
    },
    deny: (...keys) => broker.deny(...named(keys)),
    allow: (...keys) => broker.allow(...named(keys)),
  };
};

/** Creates the controls of a world. */
export const createControls = (memory: MemoryAdapters): TestControls => {
  const { broker, clock } = memory;
  const topics = topicFinder(memory);
  const decoder = new TextDecoder();
  const send = async (key: string, sections: readonly Section[], payload: Payload | JsonObject): Promise<void> => {
    const [topic = ''] = topics.of(key, sections);
    broker.send(topic, textOf(payload));
    await settle();
  };
  return {
    ...createFaults(memory, topics),
    receive: (key, payload) => send(key, inputs, payload),
    command: (name, fields = {}) =>
      send(`${name}/pepeunit`, ['input_base_topic'], { COMMAND: spoken[name], ...fields }),
    published: (key) => {
      const wanted = topics.of(key, outputs);
      return broker.published.flatMap(({ topic, payload }) =>
        wanted.includes(topic) ? [decoder.decode(payload)] : [],
      );
    },
    logged: () => memory.console.entries.map(({ text }) => text),
    script: (steps) => {
      for (const [ms, step] of Object.entries(steps)) clock.setTimeout(step, Number(ms));
    },
    advance: (ms) => passTime(clock, ms),
    settle,
    until: (check, withinMs = 600_000) => passTimeUntil(clock, check, withinMs),
  };
};
