import { createTestWorld, type TestWorld } from '../../../../app/testing/world.ts';
import { UnitClient } from '../../../../app/client/client.ts';
import { settle } from '../../../../app/testing/settle.ts';
import type { Adapters } from '../../../../app/platform.ts';
import type { Broker, Link } from '../../../../services/broker.ts';
import { storedKeptEnv } from '../../../../services/kept-env.ts';
import { storedLastLink } from '../../../../services/last-link.ts';
import { storedResetRecord } from '../../../../services/reset.ts';
import { tarOf } from '../../../support/tar.ts';

/** A unit whose broker, disk, instance and host write down, in one list, what they see of it. */
export interface Witness {
  readonly world: TestWorld;
  readonly client: UnitClient;
  /** What was seen since the last call. */
  seen(): Promise<string[]>;
}

type Calls = Readonly<Record<string, (args: readonly unknown[]) => string | undefined>>;

const path = ([name]: readonly unknown[]): string => String(name).replace('.pepeunit/', '');

/** Records of the unit's own are read when they are of use; only what is written has an order to keep. */
const disk: Calls = {
  readJson: (args) => (['env.json', 'schema.json'].includes(path(args)) ? `disk reads ${path(args)}` : undefined),
  writeJson: (args) => `disk writes ${path(args)}`,
  writeBytes: (args) => `disk writes ${path(args)}`,
  remove: (args) => `disk removes ${path(args)}`,
};

const outbox: Calls = {
  open: () => 'disk opens the outbox',
  append: () => 'disk keeps a message',
  remove: () => 'disk drops a message',
  close: () => 'disk closes the outbox',
};

const named = (names: readonly string[], say: (name: string) => string): Calls =>
  Object.fromEntries(names.map((name) => [name, () => say(name)]));

const instance = named(
  ['getEnv', 'getSchema', 'getTargetVersion', 'getFirmware', 'requestUpdate'],
  (name) => `instance ${name}`,
);
const firmware = named(
  ['recover', 'countStart', 'stage', 'checkProgram', 'swap', 'discard', 'confirm', 'rollBack', 'replaceEnv'],
  (name) => `firmware ${name}`,
);
const host: Calls = { restart: ([mode]) => `host ${String(mode)}` };

/** A topic for people: its key in the schema, without what all keys have. */
const keyOf = (topic: string): string => {
  const [, section, , key] = topic.split('/');
  return section?.endsWith('_base_topic') ? String(key) : `node ${section?.slice(-1)}`;
};

const watched = <TPort extends object>(port: TPort, calls: Calls, note: (line: string | undefined) => void): TPort =>
  new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      const say = calls[String(name)];
      if (!say || typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        note(say(args));
        return Reflect.apply(member, target, args);
      };
    },
  });

const topicsIn = (topics: unknown): string => (topics as readonly string[]).map(keyOf).toSorted().join(', ');

const linkCalls: Calls = {
  subscribe: ([topics]) => `broker SUBSCRIBE ${topicsIn(topics)}`,
  unsubscribe: ([topics]) => `broker UNSUBSCRIBE ${topicsIn(topics)}`,
  publish: ([topic]) => `broker PUBLISH ${keyOf(String(topic))}`,
  publishNow: ([topic]) => `broker PUBLISH ${keyOf(String(topic))}`,
  close: () => 'broker DISCONNECT',
};

const watchedBroker = (broker: Broker, note: (line: string | undefined) => void): Broker => ({
  open: async (options, listener, signal) => {
    note(`broker CONNECT ${options.url}`);
    return watched<Link>(await broker.open(options, listener, signal), linkCalls, note);
  },
});

/** Creates a unit that has not begun, whose log stays out of the way. */
export const createWitness = async (): Promise<Witness> => {
  const world = createTestWorld();
  const lines: string[] = [];
  const note = (line: string | undefined): void => {
    if (line !== undefined) lines.push(line);
  };
  const storage = watched(world.storage, disk, note);
  const adapters: Adapters = {
    ...world.adapters,
    broker: watchedBroker(world.broker, note),
    storage,
    keptEnv: storedKeptEnv(storage, '.pepeunit/kept-env.json'),
    lastLink: storedLastLink(storage, '.pepeunit/link.json'),
    resetRecord: storedResetRecord(storage, '.pepeunit/reset.json'),
    outbox: watched(world.outbox, outbox, note),
    http: watched(world.http, instance, note),
    firmware: watched(world.firmware, firmware, note),
    process: watched(world.process, host, note),
  };
  const { documents } = world.http;
  documents.targetVersion = { commit: 'first', tag: null };
  documents.firmware = await tarOf(
    { name: 'env.json', text: JSON.stringify({ ...(documents.env as object), PU_COMMIT_VERSION: 'second' }) },
    { name: 'schema.json', text: JSON.stringify(documents.schema) },
    { name: 'main.js', text: 'second' },
  );
  const files = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
  const client = new UnitClient({ ...files, ffFileLogEnable: false, ffMqttLogEnable: false }, () => adapters);
  return {
    world,
    client,
    seen: async () => {
      // Unpacking takes turns outside the event loop.
      for (let turn = 0; turn < 20; turn += 1) await settle();
      return lines.splice(0);
    },
  };
};
