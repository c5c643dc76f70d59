/**
 * Pepeunit units on Node.
 *
 * @packageDocumentation
 */
import { join, relative, resolve } from 'node:path';
import { extractArchive } from '../adapters/node/archive/extract.ts';
import { folderPrograms } from '../adapters/node/program/programs.ts';
import { nodeConsoleLogSink } from '../adapters/node/console.ts';
import { folderFirmwareStore } from '../adapters/node/firmware/store.ts';
import { nodeProcessControl } from '../adapters/node/process/restart.ts';
import { fileOutbox } from '../adapters/node/outbox/outbox.ts';
import { folderTrust, remembering } from '../adapters/node/signing/trust.ts';
import { sntpClockSource } from '../adapters/node/sntp.ts';
import { fileStorage } from '../adapters/node/storage/storage.ts';
import { nodeSystem } from '../adapters/node/system.ts';
import { webCryptoCipher } from '../adapters/shared/cipher.ts';
import { systemClock } from '../adapters/shared/clock.ts';
import { mqttBroker } from '../adapters/shared/mqtt/broker.ts';
import { kyRest } from '../adapters/shared/rest/rest.ts';
import { unmanagedWifi } from '../adapters/shared/unmanaged-wifi.ts';
import { defaultArchiveLimits } from '../services/firmware.ts';
import type { JsonValue } from '../services/json.ts';
import { UnitClient } from './client/client.ts';
import { dirname } from './client/api/file-manager.ts';
import type { PepeunitClientOptions, UpdateOptions } from './client/options/options.ts';
import type { Platform } from './platform.ts';

export * from './public.ts';
/** idb-keyval's functions over durable files: a store is a folder, a key a file. */
export * as keyValue from '../adapters/node/storage/key-value.ts';

/** Lists the paths in the unit's folder that updates leave alone: the data folders, and the given files that are in it. */
const keptIn = (folder: string, files: readonly string[], { dataFolders = ['data'] }: UpdateOptions): string[] => [
  ...dataFolders,
  ...files.map((file) => relative(folder, file).replaceAll('\\', '/')).filter((file) => !file.startsWith('..')),
];

/** Finds the running program in the unit's folder: this executable, or the script that it runs. */
const programIn = (folder: string): string | undefined =>
  [process.execPath, process.argv[1]]
    .filter((path) => path !== undefined)
    .map((path) => relative(folder, resolve(path)).replaceAll('\\', '/'))
    .find((path) => !path.startsWith('..'));

/** Creates the adapters that store, verify and download new versions of the unit in a folder. */
const firmwareOf = (folder: string, logFilePath: string, update: UpdateOptions) => {
  const { trustKey = [], allowHttp = false, hosts, selfTest, program = programIn(folder) } = update;
  const limits = defaultArchiveLimits;
  const trust = folderTrust({ folder, keys: [trustKey].flat() });
  const keeps = keptIn(folder, [logFilePath], update);
  return {
    firmware: remembering(folderFirmwareStore({ folder, limits, keeps }), trust),
    trust,
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

const nodePlatform: Platform = ({ envFilePath, logFilePath, ntpHost, update }) => {
  const folder = dirname(envFilePath) || '.';
  const clock = systemClock();
  return {
    clock,
    wifi: unmanagedWifi(),
    clockSource: sntpClockSource({ host: ntpHost, clock }),
    broker: mqttBroker(),
    http: kyRest(),
    storage: fileStorage(),
    ...firmwareOf(folder, logFilePath, update),
    outbox: fileOutbox({ folder: join(folder, '.pepeunit', 'outbox'), clock }),
    system: nodeSystem({ path: folder }),
    process: nodeProcessControl({ folder }),
    cipher: webCryptoCipher(),
    console: nodeConsoleLogSink(),
    extract: extractArchive(defaultArchiveLimits),
    random: Math.random,
  };
};

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
 * client.setMqttInputHandler((unit, message) => unit.logger.info(message.text()));
 * await client.runMainCycle();
 */
export class PepeunitClient<TEnv extends object = Record<string, JsonValue>> extends UnitClient<TEnv> {
  constructor(options: PepeunitClientOptions<UnitClient<TEnv>>) {
    super(options, nodePlatform);
  }
}
