import { fakeClock, type FakeClock } from '../adapters/memory/clock.ts';
import { memoryBrokerProbe, type MemoryBrokerProbe } from '../adapters/memory/broker-probe.ts';
import { memoryBroker, type MemoryBroker } from '../adapters/memory/broker.ts';
import { memoryClockSource, type MemoryClockSource } from '../adapters/memory/clock-source.ts';
import { memoryFirmwarePrograms, type MemoryFirmwarePrograms } from '../adapters/memory/firmware-programs.ts';
import { memoryFirmwareStore, type MemoryFirmwareStore } from '../adapters/memory/firmware-store.ts';
import { memoryLogSink, type MemoryLogSink } from '../adapters/memory/log-sink.ts';
import { memoryOutbox, type MemoryOutbox } from '../adapters/memory/outbox.ts';
import { memoryProcessControl, type MemoryProcessControl } from '../adapters/memory/process-control.ts';
import { memoryRest, type MemoryRest } from '../adapters/memory/rest.ts';
import { memoryStorage, type MemoryStorage } from '../adapters/memory/storage.ts';
import { memorySystem, type MemorySystem } from '../adapters/memory/system.ts';
import { memoryWifi, type MemoryWifi } from '../adapters/memory/wifi.ts';
import { webCryptoCipher } from '../adapters/shared/cipher.ts';
import { noFolders } from '../adapters/shared/no-folders.ts';
import { trustAll } from '../adapters/shared/no-firmware.ts';
import { StorageError } from '../services/errors.ts';
import { storedResetRecord } from '../services/reset.ts';
import { defaultArchiveLimits } from '../services/firmware.ts';
import { storedGivenRecord } from '../services/given-documents.ts';
import { storedKeptEnv } from '../services/kept-env.ts';
import { storedLastLink } from '../services/last-link.ts';
import type { JsonObject } from '../services/json.ts';
import { UnitClient } from './client/client.ts';
import type { PepeunitClientOptions } from './client/options/options.ts';

/** The memory adapters of a simulated unit, for a test to control. */
export interface SimulatedWorld {
  readonly clock: FakeClock;
  readonly clockSource: MemoryClockSource;
  readonly broker: MemoryBroker;
  readonly brokerProbe: MemoryBrokerProbe;
  readonly http: MemoryRest;
  readonly storage: MemoryStorage;
  readonly firmware: MemoryFirmwareStore;
  readonly programs: MemoryFirmwarePrograms;
  readonly outbox: MemoryOutbox;
  readonly system: MemorySystem;
  readonly process: MemoryProcessControl;
  readonly console: MemoryLogSink;
  readonly wifi: MemoryWifi;
}

export interface SimulatedUnitOptions extends Partial<PepeunitClientOptions> {
  /** Variables of the unit's env.json, merged into a working default. */
  readonly env?: JsonObject;
  /** The unit's schema.json. @defaultValue base topics, `input/pepeunit` and `output/pepeunit` */
  readonly schema?: JsonObject;
}

/** A client with memory adapters and a fake clock. */
export interface SimulatedUnit {
  readonly client: UnitClient;
  readonly world: SimulatedWorld;
}

export const simulatedUuid = '5e1f0c6a-0b1d-4b57-9a2e-6a0c8b1d7e42';

const claims = (document: JsonObject): string => btoa(JSON.stringify(document)).replace(/=+$/, '');

const defaultEnv = (): JsonObject => ({
  PU_DOMAIN: 'simulated.test',
  PU_HTTP_TYPE: 'https',
  PU_APP_PREFIX: '/pepeunit',
  PU_API_ACTUAL_PREFIX: '/api/v1',
  // A local broker needs no jitter: the unit reconnects soon.
  PU_MQTT_HOST: 'localhost',
  PU_AUTH_TOKEN: `${claims({ alg: 'HS256' })}.${claims({ uuid: simulatedUuid, type: 'Unit' })}.c2ln`,
  PU_COMMIT_VERSION: 'first',
});

const baseTopic = (section: string, name: string): [string, string[]] => [
  `${name}/pepeunit`,
  [`simulated.test/${section}/${simulatedUuid}/${name}/pepeunit`],
];

const defaultSchema = (): JsonObject => ({
  input_base_topic: Object.fromEntries(
    ['update', 'env_update', 'schema_update', 'log_sync', 'reset'].map((name) => baseTopic('input_base_topic', name)),
  ),
  output_base_topic: Object.fromEntries(['state', 'log'].map((name) => baseTopic('output_base_topic', name))),
  input_topic: { 'input/pepeunit': ['simulated.test/10000000-0000-4000-8000-000000000001/pepeunit'] },
  output_topic: { 'output/pepeunit': ['simulated.test/10000000-0000-4000-8000-000000000002/pepeunit'] },
});

const createWorld = (env: JsonObject, schema: JsonObject): SimulatedWorld => {
  const clock = fakeClock();
  const firmware = memoryFirmwareStore({ limits: defaultArchiveLimits, now: () => clock.now() });
  return {
    clock,
    clockSource: memoryClockSource(clock.now()),
    broker: memoryBroker({ clock }),
    brokerProbe: memoryBrokerProbe(),
    http: memoryRest({ clock, documents: { env, schema } }),
    storage: memoryStorage({ 'env.json': env, 'schema.json': schema }),
    firmware,
    programs: memoryFirmwarePrograms(firmware),
    outbox: memoryOutbox(),
    system: memorySystem(),
    process: memoryProcessControl(),
    console: memoryLogSink(),
    wifi: memoryWifi({ clock }),
  };
};

/**
 * Creates a client whose broker, instance, files, radio and clock are in memory and controlled by the test.
 *
 * @example
 * import { simulatedUnit } from 'pepeunit-client/testing';
 *
 * const { client, world } = simulatedUnit();
 * await client.ready();
 * world.broker.cut();
 * world.clock.advance(60_000);
 */
export const simulatedUnit = ({
  env = {},
  schema = defaultSchema(),
  ...options
}: SimulatedUnitOptions = {}): SimulatedUnit => {
  const world = createWorld({ ...defaultEnv(), ...env }, schema);
  const adapters = {
    ...world,
    givenRecord: storedGivenRecord(world.storage, (name) => `.pepeunit/given-${name}.json`),
    lastLink: storedLastLink(world.storage, '.pepeunit/link.json'),
    keptEnv: storedKeptEnv(world.storage, '.pepeunit/kept-env.json'),
    resetRecord: storedResetRecord(world.storage, '.pepeunit/reset.json'),
    cipher: webCryptoCipher(),
    trust: trustAll(),
    folders: noFolders(),
    extract: async (path: string) => {
      throw new StorageError('unsupported', `${path} can't be unpacked: a simulated unit has no folders.`);
    },
    random: () => 0.5,
  };
  const paths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
  return { client: new UnitClient({ ...paths, ...options }, () => adapters), world };
};
