import { memoryBroker } from '../../adapters/memory/broker.ts';
import type { MemoryStorage } from '../../adapters/memory/storage.ts';
import { createTestUnit, type TestUnit } from '../../app/testing.ts';
import type { Broker } from '../../services/broker.ts';
import { BrokerError, RestError } from '../../services/errors.ts';
import type { JsonObject } from '../../services/json.ts';
import { storedKeptEnv } from '../../services/kept-env.ts';
import { storedLastLink } from '../../services/last-link.ts';
import type { Rest, RestTarget } from '../../services/rest.ts';
import { settle, until } from './until.ts';

export const keptPath = '.pepeunit/kept-env.json';

/** An instance that answers at some addresses alone. */
const answeringAt = (addresses: ReadonlySet<string>, rest: () => Rest): Rest =>
  new Proxy({} as Rest, {
    get:
      (_, call: keyof Rest) =>
      (target: RestTarget, ...given: never[]) =>
        addresses.has(target.baseUrl)
          ? (rest()[call] as (...all: unknown[]) => unknown)(target, ...given)
          : Promise.reject(new RestError('network', 'Nobody is there.')),
  });

/** A unit whose brokers are there at some hosts alone, and take some tokens alone; so is its instance. */
export const unitWith = (storage?: MemoryStorage, hosts = new Set(['localhost'])) => {
  const addresses = new Set(['https://simulated.test/pepeunit/api/v1']);
  const broker = memoryBroker();
  const reachable: Broker = {
    open: (options, listener, signal) =>
      hosts.has(new URL(options.url).hostname) && !options.username.includes('.bad')
        ? broker.open(options, listener, signal)
        : Promise.reject(new BrokerError('network', 'Nobody is there.')),
  };
  const documents = storage && {
    storage,
    keptEnv: storedKeptEnv(storage, keptPath),
    lastLink: storedLastLink(storage, '.pepeunit/link.json'),
  };
  const http = answeringAt(addresses, () => unit.world.http);
  const unit: TestUnit = createTestUnit({
    mqtt: { spreadMs: 0 },
    adapters: { broker: reachable, http, ...documents },
  });
  return { ...unit, hosts, addresses, links: broker };
};
type TrialUnit = ReturnType<typeof unitWith>;

/** Changes the env that the instance would send. */
export const sent = ({ world }: TestUnit, change: JsonObject) => {
  world.http.documents.env = { ...(world.http.documents.env as JsonObject), ...change };
};

export const isOnline = ({ client }: TestUnit) =>
  client.actor.getSnapshot().matches({ lifecycle: { operating: 'online' } });

/** Waits for a condition, a second of the unit's clock at a time. */
export const later = (unit: TestUnit, condition: () => boolean | Promise<boolean>) =>
  until(() => {
    unit.world.clock.advance(1_000);
    return condition();
  });

/** Moves the clock by so many seconds, each of which gets its turn. */
export const pass = async (unit: TestUnit, seconds: number) => {
  for (let second = 0; second < seconds; second += 1) {
    unit.world.clock.advance(1_000);
    await settle();
  }
};

export const warnings = ({ world }: TestUnit) =>
  world.console.entries.filter(({ level }) => level === 'Warning').map(({ text }) => text);
export const isRestored = (unit: TestUnit) =>
  warnings(unit).some((text) => text.startsWith('The env before is in force'));

/** A unit that has been online, and then takes such a change of its env. */
export const tryWrong = async (change: JsonObject): Promise<TrialUnit> => {
  const unit = unitWith();
  await unit.client.ready();
  await until(async () => unit.world.storage.exists('.pepeunit/link.json'));
  sent(unit, change);
  await unit.client.downloadEnv();
  return unit;
};

/** All documents of a unit, as a kill would leave them now. */
export const documentsOf = ({ world }: TestUnit, storage: MemoryStorage = world.storage): Record<string, string> =>
  Object.fromEntries([...storage.documents.keys()].map((path) => [path, storage.text(path) ?? '']));
