/**
 * Pepeunit units on Node.
 *
 * @packageDocumentation
 */
import { realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractArchive } from '../adapters/node/archive/extract.ts';
import { hostFolders } from '../adapters/node/archive/folders.ts';
import { folderPackages } from '../adapters/node/packages/packages.ts';
import { markUnguarded } from '../adapters/node/program/unguarded-links.ts';
import { folderPrograms } from '../adapters/node/program/programs.ts';
import { createFolderGuard } from '../adapters/node/fs/folder-guard.ts';
import { nodeBrokerProbe } from '../adapters/node/broker-probe.ts';
import { nodeConsoleLogSink } from '../adapters/node/console.ts';
import { folderFirmwareStore } from '../adapters/node/firmware/store.ts';
import { nodeProcessControl } from '../adapters/node/process/restart.ts';
import { fileOutbox } from '../adapters/node/outbox/outbox.ts';
import { FolderTrust } from '../adapters/node/signing/trust.ts';
import { sntpClockSource } from '../adapters/node/sntp.ts';
import { readJsonNow } from '../adapters/node/storage/read-now.ts';
import { FileStorage } from '../adapters/node/storage/storage.ts';
import { nodeSystem } from '../adapters/node/system.ts';
import { nodeTcp } from '../adapters/node/tcp.ts';
import { webCryptoCipher } from '../adapters/shared/cipher.ts';
import { systemClock } from '../adapters/shared/clock.ts';
import { sharedClockSource } from '../adapters/shared/shared-clock-source.ts';
import { mqttBroker } from '../adapters/shared/mqtt/broker.ts';
import { kyRest } from '../adapters/shared/rest/rest.ts';
import { unmanagedWifi } from '../adapters/shared/unmanaged-wifi.ts';
import { defaultArchiveLimits } from '../services/firmware.ts';
import { storedGivenRecord } from '../services/given-documents.ts';
import { storedKeptEnv } from '../services/kept-env.ts';
import { storedLastLink } from '../services/last-link.ts';
import { storedResetRecord } from '../services/reset.ts';
import type { JsonValue } from '../services/json.ts';
import { UnitClient, type PepeunitClientOptions } from './client/client.ts';
import { hasUnguardedLinks } from './client/options/link-trust.ts';
import type { UpdateOptions } from './client/options/options.ts';
import { unitLogic, type UnitLogic, type UnitLogicOptions } from './client/unit-logic.ts';
import type { Codecs } from './client/api/unit-types.ts';
import type { Platform, PlatformFiles } from './platform.ts';

export * from './public.ts';
/** idb-keyval's functions over durable files: a store is a folder, a key a file. */
export * as keyValue from '../adapters/node/storage/key-value.ts';

/** Lists the paths in the unit's folder that updates leave alone: the data folders, and the given files that are in it. */
const keptIn = (folder: string, files: readonly string[], { dataFolders = ['data'] }: UpdateOptions): string[] => [
  ...dataFolders,
  ...files
    .filter((file) => file !== '')
    .map((file) => relative(folder, file).replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('..')),
];

/** Finds the script that runs, if it is in the unit's folder: by the name it was started with, and the file that Node took. */
const programNamesIn = (folder: string): string[] => {
  const given = process.argv[1];
  if (given === undefined) return [];
  const path = resolve(given);
  const names = statSync(path, { throwIfNoEntry: false })?.isFile() === true ? [relative(folder, path)] : [];
  try {
    names.push(relative(realpathSync(folder), createRequire(import.meta.url).resolve(path)));
  } catch {
    // A loader of its own found the program: only its given name is known.
  }
  return names.map((name) => name.replaceAll('\\', '/')).filter((name) => !/^(\.\.|\/|[A-Za-z]:)/.test(name));
};

interface FirmwareSetup {
  readonly folder: string;
  readonly logFilePath: string;
  readonly update: UpdateOptions;
  readonly checkFolder: () => Promise<void>;
}

/** Creates the adapters that store, verify and download new versions of the unit in a folder. */
const firmwareOf = ({ folder, logFilePath, update, checkFolder }: FirmwareSetup) => {
  const { trustKey = [], allowHttp = false, hosts, selfTest, program, install } = update;
  const limits = defaultArchiveLimits;
  const trust = new FolderTrust({ folder, keys: [trustKey].flat() });
  const keeps = keptIn(folder, [logFilePath], update);
  const programNames = () => (program === undefined ? programNamesIn(folder) : [program]);
  return {
    firmware: folderFirmwareStore({
      folder,
      limits,
      keeps,
      programNames,
      checkFolder,
      onRecovered: () => markUnguarded(folder, hasUnguardedLinks(update)),
      onConfirmed: () => trust.remember(),
    }),
    trust,
    packages: folderPackages({ folder, install: install === true ? {} : install || undefined }),
    programs: folderPrograms({
      folder,
      program,
      trust,
      maxBytes: limits.compressedBytes,
      policy: { allowHttp, ...(hosts && { hosts }) },
      ...(selfTest && { selfTest }),
    }),
  };
};

/** Storage that writes nothing into another folder than the unit's. */
class UnitStorage extends FileStorage {
  readonly #folder: string;
  readonly #checkFolder: () => Promise<void>;

  constructor(folder: string, checkFolder: () => Promise<void>) {
    super();
    this.#folder = folder;
    this.#checkFolder = checkFolder;
  }

  override async writeJson(path: string, value: JsonValue): Promise<void> {
    if (dirname(path) === this.#folder) await this.#checkFolder();
    await super.writeJson(path, value);
  }
}

/** Resolves paths in the working directory of now, whatever directory the app changes to. */
const resolveHere = (): ((path: string) => string) => {
  try {
    const here = process.cwd();
    return (path) => resolve(here, path);
  } catch {
    // The working directory is gone: relative paths throw.
    return (path) => resolve(path);
  }
};

/** Adapters that know nothing of a unit. */
const createShared = () => ({
  wifi: unmanagedWifi(),
  brokerProbe: nodeBrokerProbe(),
  http: kyRest(),
  cipher: webCryptoCipher(),
  folders: hostFolders(),
  extract: extractArchive(defaultArchiveLimits),
  random: Math.random,
});

let shared: ReturnType<typeof createShared> | undefined;

const nodePlatform: Platform = ({ envFilePath, logFilePath, ntpHost, update }) => {
  // Without a path the client is never started; the root is the one folder that is always there.
  const folder = dirname(envFilePath || '/');
  const checkFolder = createFolderGuard(folder);
  const clock = systemClock();
  const storage = new UnitStorage(folder, checkFolder);
  return {
    ...(shared ??= createShared()),
    clock,
    clockSource: sharedClockSource(sntpClockSource({ host: ntpHost, clock }), `The time server ${ntpHost}`, clock),
    broker: mqttBroker(nodeTcp()),
    keptEnv: storedKeptEnv(storage, join(folder, '.pepeunit', 'kept-env.json')),
    givenRecord: storedGivenRecord(storage, (name) => join(folder, '.pepeunit', `given-${name}.json`), readJsonNow),
    lastLink: storedLastLink(storage, join(folder, '.pepeunit', 'link.json')),
    storage,
    ...firmwareOf({ folder, logFilePath, update, checkFolder }),
    outbox: fileOutbox({ folder: join(folder, '.pepeunit', 'outbox'), clock }),
    system: nodeSystem({ path: folder }),
    process: nodeProcessControl({ folder }),
    resetRecord: storedResetRecord(storage, join(folder, '.pepeunit', 'reset.json')),
    console: nodeConsoleLogSink(),
  };
};

const filesOfNode = (): PlatformFiles => ({
  absolute: resolveHere(),
  readJsonNow,
  pathOf: (url) => fileURLToPath(url),
});

/**
 * The unit as XState actor logic, with Node's adapters, to `invoke` or `spawn` in your own statechart: each actor of it is a
 * unit, which starts with its actor. It emits each of its facts and sends them to the `parent` of its input. Invalid options
 * end the actor with a {@link ClientError} `options`. Send it `unit.stop` and wait for `stopped` to end it in order; where
 * its state is just left, the log and the link are closed after.
 *
 * The delays of its machines follow the clock of your root actor.
 *
 * @example
 * import { createUnitLogic } from 'pepeunit-client';
 * import { createActor, setup } from 'xstate';
 *
 * const unit = createUnitLogic({ envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' });
 * const device = setup({ actors: { unit } }).createMachine({
 *   invoke: { id: 'unit', src: 'unit', input: ({ self }) => ({ parent: self }) },
 *   initial: 'offline',
 *   states: { offline: { on: { online: 'online' } }, online: { on: { offline: 'offline' } } },
 * });
 * const actor = createActor(device);
 */
export const createUnitLogic = <
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
>(
  options: UnitLogicOptions<TUnit, TCodecs>,
): UnitLogic => unitLogic(options, { platform: nodePlatform, files: filesOfNode() });

/**
 * A Pepeunit unit on Node: real files, sockets and processes.
 *
 * @example
 * import { PepeunitClient } from 'pepeunit-client';
 *
 * const client = new PepeunitClient({
 *   envFilePath: 'env.json',
 *   schemaFilePath: 'schema.json',
 *   logFilePath: 'log.json',
 * });
 * client.setMqttInputHandler((unit, message) => {
 *   if (message.key === 'input/pepeunit') unit.logger.info(message.text());
 * });
 * process.once('SIGTERM', () => void client.stopMainCycle());
 * await client.runMainCycle();
 */
export class PepeunitClient<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends UnitClient<TUnit, TCodecs> {
  constructor(options: PepeunitClientOptions<TUnit, TCodecs>) {
    super(options, nodePlatform, filesOfNode());
  }
}
