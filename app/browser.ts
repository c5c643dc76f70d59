/**
 * Pepeunit units in a browser: IndexedDB, WebSocket, fetch.
 *
 * @packageDocumentation
 */
import { browserBrokerProbe } from '../adapters/browser/broker-probe.ts';
import { browserOutbox } from '../adapters/browser/outbox.ts';
import { browserProcessControl } from '../adapters/browser/process-control.ts';
import { browserStorage } from '../adapters/browser/storage.ts';
import { browserSystem } from '../adapters/browser/system.ts';
import { browserWifi } from '../adapters/browser/wifi.ts';
import { webCryptoCipher } from '../adapters/shared/cipher.ts';
import { systemClock } from '../adapters/shared/clock.ts';
import { consoleLogSink } from '../adapters/shared/log/console-log-sink.ts';
import { httpClockSource } from '../adapters/shared/http-clock-source.ts';
import { mqttBroker } from '../adapters/shared/mqtt/broker.ts';
import { noFolders } from '../adapters/shared/no-folders.ts';
import { anyPackages, noFirmware, noPrograms, trustAll } from '../adapters/shared/no-firmware.ts';
import { kyRest } from '../adapters/shared/rest/rest.ts';
import { StorageError } from '../services/errors.ts';
import { storedGivenRecord } from '../services/given-documents.ts';
import { storedKeptEnv } from '../services/kept-env.ts';
import { storedLastLink } from '../services/last-link.ts';
import { storedResetRecord } from '../services/reset.ts';
import type { JsonValue } from '../services/json.ts';
import { UnitClient, type PepeunitClientOptions } from './client/client.ts';
import { unitLogic, type UnitLogic, type UnitLogicOptions } from './client/unit-logic.ts';
import type { Codecs } from './client/api/unit-types.ts';
import { pathsAsGiven, type Platform } from './platform.ts';

export * from './public.ts';
/** idb-keyval's functions, the same as on Node. */
export * as keyValue from '../adapters/browser/key-value.ts';

const browserPlatform: Platform = ({ envFilePath }) => {
  const clock = systemClock();
  const storage = browserStorage();
  return {
    clock,
    wifi: browserWifi(),
    clockSource: httpClockSource({ url: '/', clock }),
    broker: mqttBroker(),
    brokerProbe: browserBrokerProbe(),
    keptEnv: storedKeptEnv(storage, `${envFilePath}/kept-env.json`),
    givenRecord: storedGivenRecord(storage, (name) => `${envFilePath}/given-${name}.json`),
    lastLink: storedLastLink(storage, `${envFilePath}/link.json`),
    http: kyRest(),
    storage,
    firmware: noFirmware(),
    programs: noPrograms(),
    packages: anyPackages(),
    trust: trustAll(),
    outbox: browserOutbox({ name: envFilePath }),
    system: browserSystem(),
    process: browserProcessControl(),
    resetRecord: storedResetRecord(storage, `${envFilePath}/reset.json`),
    cipher: webCryptoCipher(),
    console: consoleLogSink(),
    folders: noFolders(),
    extract: async (path) => {
      throw new StorageError('unsupported', `${path} can't be unpacked: a page has no folders.`);
    },
    random: Math.random,
  };
};

/**
 * The unit as XState actor logic, with a page's adapters, to `invoke` or `spawn` in your own statechart: each actor of it is
 * a unit, which starts with its actor. It emits each of its facts and sends them to the `parent` of its input. Invalid
 * options end the actor with a {@link ClientError} `options`. Send it `unit.stop` and wait for `stopped` to end it in order;
 * where its state is just left, the log and the link are closed after.
 *
 * The delays of its machines follow the clock of your root actor.
 *
 * @example
 * import { createUnitLogic } from 'pepeunit-client';
 * import { createActor, setup } from 'xstate';
 *
 * const unitInPage = createUnitLogic({
 *   envFilePath: 'env.json',
 *   schemaFilePath: 'schema.json',
 *   logFilePath: 'log.json',
 *   mqtt: { brokers: ['wss://broker.example:8084/mqtt'] },
 * });
 * const page = setup({ actors: { unit: unitInPage } }).createMachine({
 *   invoke: { id: 'unit', src: 'unit', input: ({ self }) => ({ parent: self }) },
 * });
 * const actor = createActor(page);
 */
export const createUnitLogic = <
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
>(
  options: UnitLogicOptions<TUnit, TCodecs>,
): UnitLogic => unitLogic(options, { platform: browserPlatform, files: pathsAsGiven });

/**
 * A Pepeunit unit in a browser page. It needs the URL of the broker's WebSocket in `mqtt.brokers`, as env.json names none.
 * Its files are documents in IndexedDB, and there are no folders; `settings` and `schema` are read at the start. The time is
 * that of the page's server: `ntpHost` is not used.
 *
 * @example
 * import { PepeunitClient } from 'pepeunit-client';
 *
 * const inPage = new PepeunitClient({
 *   envFilePath: 'env.json',
 *   schemaFilePath: 'schema.json',
 *   logFilePath: 'log.json',
 *   mqtt: { brokers: ['wss://broker.example:8084/mqtt'] },
 * });
 */
export class PepeunitClient<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends UnitClient<TUnit, TCodecs> {
  constructor(options: PepeunitClientOptions<TUnit, TCodecs>) {
    super(options, browserPlatform);
  }
}
