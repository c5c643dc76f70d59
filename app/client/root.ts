import { createActor, type ActorRefFrom } from 'xstate';
import { backoff } from '../../machines/lib/backoff.ts';
import { loggerMachine } from '../../machines/logger.ts';
import { mqttMachine } from '../../machines/mqtt.ts';
import { schemaMachine } from '../../machines/schema.ts';
import { settingsMachine } from '../../machines/settings.ts';
import { stateReporterMachine } from '../../machines/state-reporter.ts';
import { timeMachine } from '../../machines/time.ts';
import { unitMachine } from '../../machines/unit.ts';
import { updateMachine } from '../../machines/update.ts';
import { wifiMachine } from '../../machines/wifi.ts';
import { closeLink, holdLink } from '../../services/broker.ts';
import { readOffset } from '../../services/clock.ts';
import {
  discardFirmware,
  downloadFirmware,
  handOverUpdate,
  swapFirmware,
  verifyFirmware,
  type UpdateTarget,
} from '../../services/firmware.ts';
import { flushLogs, sendStoredLogs } from '../../services/log.ts';
import { restartProcess, type RestartMode } from '../../services/process-control.ts';
import { loadSchema, refreshSchema, type SchemaSources } from '../../services/schema.ts';
import { loadSettings, refreshSettings, type SettingsSources } from '../../services/settings.ts';
import { collectState, publishState, type StateReport } from '../../services/system.ts';
import { joinWifi, readWifiStatus, scanForSsid, watchWifi } from '../../services/wifi.ts';
import type { Adapters } from '../platform.ts';
import type { Journal } from '../plane/journal.ts';
import type { Switchboard } from '../plane/switchboard.ts';
import { guardInspector } from './inspection.ts';
import type { ResolvedOptions } from './options.ts';

export type UnitActor = ActorRefFrom<typeof unitMachine>;

/** What fills the machines' slots. */
export interface RootParts {
  readonly adapters: Adapters;
  readonly options: ResolvedOptions;
  readonly settings: SettingsSources;
  readonly schema: SchemaSources;
  readonly journal: Journal;
  readonly switchboard: Switchboard;
  readonly epochMs: () => number;
  readonly warn: (message: string) => void;
  readonly sendReport: (report: StateReport, signal: AbortSignal) => Promise<void>;
  readonly sendStored: (signal: AbortSignal) => Promise<number>;
  readonly closeLink: () => Promise<void>;
  readonly restart: (mode: RestartMode) => Promise<void>;
  readonly handOver: (target: UpdateTarget) => Promise<void>;
}

const env = (sources: SettingsSources) => async () => {
  if (!sources.holder.current) throw new Error('env.json has not been loaded');
  return sources.holder.current;
};

const mqtt = ({ adapters, switchboard, closeLink: close }: RootParts) =>
  mqttMachine.provide({
    actors: { holdLink: holdLink(adapters.broker, switchboard), closeLink: closeLink(close) },
    delays: { retryAfter: ({ context }) => adapters.random() * backoff(context.attempts) },
  });

const update = ({ adapters, settings, restart, handOver }: RootParts) =>
  updateMachine.provide({
    actors: {
      download: downloadFirmware(adapters.http, adapters.firmware, env(settings)),
      verify: verifyFirmware(adapters.firmware),
      swap: swapFirmware(adapters.firmware),
      discard: discardFirmware(adapters.firmware),
      restart: restartProcess(restart),
      handOver: handOverUpdate(handOver),
    },
  });

const wifi = ({ adapters, settings }: RootParts) =>
  wifiMachine.provide({
    actors: {
      readStatus: readWifiStatus(adapters.wifi),
      scan: scanForSsid(adapters.wifi),
      join: joinWifi(adapters.wifi, () => settings.holder.current?.reserved.PUC_WIFI_PASS ?? ''),
      watchLink: watchWifi(adapters.wifi),
    },
  });

const logger = ({ journal, sendStored }: RootParts) =>
  loggerMachine.provide({
    actors: { sendStored: sendStoredLogs(sendStored), flush: flushLogs(() => journal.flush()) },
    actions: { applyConfig: (_, config) => journal.configure(config) },
  });

const stateReporter = ({ adapters, epochMs, sendReport }: RootParts) =>
  stateReporterMachine.provide({
    actors: { collect: collectState(adapters.system, epochMs), publish: publishState(sendReport) },
  });

/** Fills every slot of the unit's machines, once. */
const provideUnit = (parts: RootParts) =>
  unitMachine.provide({
    actors: {
      settings: settingsMachine.provide({
        actors: { load: loadSettings(parts.settings), refresh: refreshSettings(parts.settings) },
      }),
      schema: schemaMachine.provide({
        actors: { load: loadSchema(parts.schema), refresh: refreshSchema(parts.schema) },
      }),
      time: timeMachine.provide({ actors: { readOffset: readOffset(parts.adapters.clockSource) } }),
      wifi: wifi(parts),
      mqtt: mqtt(parts),
      update: update(parts),
      logger: logger(parts),
      stateReporter: stateReporter(parts),
    },
    actions: { log: (_, { level, text }) => parts.journal.log(level, text) },
  });

/** Makes the unit's root actor, not yet started. */
export const createRoot = (parts: RootParts): UnitActor => {
  const { adapters, options, journal } = parts;
  return createActor(provideUnit(parts), {
    id: 'unit',
    systemId: 'unit',
    clock: adapters.clock as never,
    ...(options.inspect && { inspect: guardInspector(options.inspect, parts.warn) }),
    input: {
      managesWifi: options.ffWifiManagerEnable,
      protocol: options.mqtt.protocol ?? 'auto',
      restartMode: options.restartMode,
      checksVersion: options.ffVersionCheckEnable,
      logConfig: journal.config,
    },
  });
};
