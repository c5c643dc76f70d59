import { createActor } from 'xstate';
import { jitteredRetry, noRetry, type Retry } from '../../machines/lib/retry.ts';
import { jitteredDelays } from '../../machines/mqtt/reconnect-delay.ts';
import { loggerMachine } from '../../machines/logger.ts';
import { isGoodLink } from '../../machines/mqtt/subscriptions.ts';
import { mqttMachine } from '../../machines/mqtt.ts';
import { resetMachine } from '../../machines/reset.ts';
import { schemaMachine } from '../../machines/schema.ts';
import { settingsMachine } from '../../machines/settings.ts';
import { stateReporterMachine } from '../../machines/state-reporter.ts';
import { timeMachine } from '../../machines/time.ts';
import { unitMachine } from '../../machines/unit.ts';
import type { CarriedOver } from '../../machines/unit/context.ts';
import { updateMachine } from '../../machines/update.ts';
import { questionRetry, versionRetry } from '../../machines/update/pursuit.ts';
import { wifiMachine } from '../../machines/wifi.ts';
import { askLastBroker, confirmEnv } from '../../services/env-trial.ts';
import { closeLink, holdLink } from '../../services/link.ts';
import { readOffset, watchClock } from '../../services/clock.ts';
import { defaultTrialTerms, type FirmwarePrograms, type FirmwareStore } from '../../services/firmware.ts';
import {
  askTarget,
  discardFirmware,
  downloadFirmware,
  handOverUpdate,
  requestUpdate,
  swapFirmware,
  verifyFirmware,
  type UpdateTarget,
  stageProgram,
} from '../../services/update.ts';
import type { TrialTerms } from '../../services/firmware-journal.ts';
import { flushLogs, sendStoredLogs } from '../../services/log.ts';
import { restartProcess, type RestartingMode } from '../../services/process-control.ts';
import { recallReset, resetProgram } from '../../services/reset.ts';
import { loadSchema, refreshSchema } from '../../services/schema.ts';
import { loadSettings, refreshSettings, restoreEnv, type SettingsSources } from '../../services/settings.ts';
import { collectState, publishState } from '../../services/system.ts';
import {
  checkReady,
  confirmFirmware,
  endWait,
  forgetOutcome,
  noteFailure,
  noteWait,
  probeInstance,
  probeOldWay,
  recallFailure,
  recoverFirmware,
  rollBackFirmware,
} from '../../services/trial.ts';
import { joinWifi, readWifiStatus, scanForSsid, watchWifi } from '../../services/wifi.ts';
import type { Adapters } from '../platform.ts';
import type { UnitActor } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Documents } from './documents/documents.ts';
import type { Metrics } from './metrics.ts';
import { guardRequests } from './requests.ts';
import { guardInspector } from './inspection.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { Reports } from './reports.ts';

/** The parts that fill the machines' slots. */
export interface RootParts {
  readonly adapters: Adapters;
  readonly options: ResolvedOptions;
  readonly documents: Pick<Documents<object>, 'settingsSources' | 'schemaSources'>;
  readonly plane: DataPlane;
  readonly metrics: Metrics;
  readonly epochMs: () => number;
  readonly reports: Reports;
  readonly restart: (mode: RestartingMode) => Promise<void>;
  readonly handOver: (target: UpdateTarget) => Promise<void>;
  readonly isReady: () => unknown;
}

const env = (sources: SettingsSources) => async () => {
  if (!sources.holder.current) throw new Error('env.json has not been loaded');
  return sources.holder.current;
};

const termsOf = ({ update: { trialStarts, healthTimeoutMs, offlineTrialMs } }: ResolvedOptions): TrialTerms => ({
  maxStarts: trialStarts ?? defaultTrialTerms.maxStarts,
  healthyWithinMs: healthTimeoutMs ?? defaultTrialTerms.healthyWithinMs,
  offlineMs: offlineTrialMs ?? defaultTrialTerms.offlineMs,
});

const mqtt = ({ adapters, plane }: RootParts) =>
  mqttMachine.provide({
    actors: {
      holdLink: holdLink(adapters.broker, plane.router),
      closeLink: closeLink(() => plane.router.closed()),
    },
    delays: jitteredDelays(adapters.random, plane.router.jitterMs),
  });

/** What fetches new versions, such that a stop waits until a download that it cut off has been cleaned up. */
const lastingDownloads = ({ adapters: { firmware, programs }, plane }: RootParts) => ({
  firmware: {
    stage: (...given) => plane.untilEnded(firmware.stage(...given)),
  } satisfies Pick<FirmwareStore, 'stage'>,
  programs: { fetch: (...given) => plane.untilEnded(programs.fetch(...given)) } satisfies FirmwarePrograms,
});

const update = (parts: RootParts) => {
  const { adapters, options, documents, plane, restart, handOver, isReady } = parts;
  const { brokerProbe: probe, clock, firmware, http, lastLink, process, random, trust } = adapters;
  const downloads = lastingDownloads(parts);
  return updateMachine.provide({
    actors: {
      recover: recoverFirmware(firmware, process.isSupervised),
      askTarget: askTarget(http, env(documents.settingsSources)),
      requestUpdate: requestUpdate(http, env(documents.settingsSources)),
      download: downloadFirmware(http, downloads.firmware, env(documents.settingsSources)),
      verify: verifyFirmware(firmware, trust, env(documents.settingsSources)),
      stage: stageProgram(downloads.programs),
      swap: swapFirmware(firmware, termsOf(options), process),
      discard: discardFirmware(firmware),
      restart: restartProcess(restart),
      handOver: handOverUpdate(handOver),
      checkReady: checkReady(isReady),
      probe: options.ffMqttEnable
        ? probeOldWay({ probe, lastLink, current: () => plane.router.brokerAddress() })
        : probeInstance(http, env(documents.settingsSources)),
      noteWait: noteWait(firmware),
      endWait: endWait(firmware),
      noteFailure: noteFailure(firmware),
      recall: recallFailure(firmware, clock),
      confirm: confirmFirmware(firmware),
      rollBack: rollBackFirmware(firmware),
      forgetOutcome: forgetOutcome(firmware),
    },
    delays: {
      ...jitteredRetry(random, versionRetry),
      askAgainAfter: jitteredRetry(random, questionRetry).retryAfter,
    },
  });
};

const time = ({ adapters: { clock, clockSource } }: RootParts) =>
  timeMachine.provide({ actors: { readOffset: readOffset(clockSource), watchClock: watchClock(clock) } });

const wifi = ({ adapters, documents }: RootParts) =>
  wifiMachine.provide({
    actors: {
      readStatus: readWifiStatus(adapters.wifi),
      scan: scanForSsid(adapters.wifi),
      join: joinWifi(adapters.wifi, () => documents.settingsSources.holder.current?.reserved.PUC_WIFI_PASS ?? ''),
      watchLink: watchWifi(adapters.wifi),
    },
  });

const logger = ({ plane: { log, mqttLog }, reports }: RootParts) =>
  loggerMachine.provide({
    actors: {
      sendStored: sendStoredLogs(reports.sendStoredLogs),
      flush: flushLogs(() => log.flush()),
    },
    actions: { applyConfig: (_, config) => log.configure(config), markSync: () => mqttLog.watch() },
  });

const stateReporter = ({ adapters, epochMs, reports }: RootParts) =>
  stateReporterMachine.provide({
    actors: {
      collect: collectState(adapters.system, epochMs),
      publish: publishState((report) => reports.sendState(report)),
    },
  });

/** Fills every slot of the unit's machines. */
const provideUnit = (parts: RootParts) => {
  const delays = jitteredRetry(parts.adapters.random, ({ retry = noRetry }: { retry?: Retry | undefined }) => retry);
  return unitMachine.provide({
    actors: {
      settings: settingsMachine.provide({
        actors: {
          load: loadSettings(parts.documents.settingsSources),
          refresh: refreshSettings(parts.documents.settingsSources),
          askBroker: askLastBroker(parts.adapters.brokerProbe, parts.adapters.lastLink),
          restore: restoreEnv(parts.documents.settingsSources),
          confirm: confirmEnv(parts.adapters.keptEnv),
        },
        delays: { ...delays, onlineWithin: termsOf(parts.options).healthyWithinMs },
      }),
      schema: schemaMachine.provide({
        actors: {
          load: loadSchema(parts.documents.schemaSources),
          refresh: refreshSchema(parts.documents.schemaSources),
        },
        delays,
      }),
      time: time(parts),
      wifi: wifi(parts),
      mqtt: mqtt(parts),
      update: update(parts),
      logger: logger(parts),
      stateReporter: stateReporter(parts),
      reset: resetMachine.provide({
        actors: {
          recall: recallReset(parts.adapters.resetRecord),
          restart: resetProgram(parts.adapters.resetRecord, parts.restart),
        },
      }),
    },
    actions: {
      noteLink: (_, { denied }) => {
        const address = parts.plane.router.brokerAddress();
        if (isGoodLink(denied) && address) parts.plane.inBackground(parts.adapters.lastLink.keep(address));
      },
      log: (_, line) => {
        parts.plane.log.say(line.level, line.text, line);
        parts.metrics.note(line);
      },
    },
  });
};

/** Creates root actors of the unit, not yet started. Their `send` takes valid requests alone. */
export const rootFactory = (parts: RootParts) => {
  const { adapters, options, plane } = parts;
  const machine = provideUnit(parts);
  const settings = {
    id: 'unit',
    systemId: 'unit',
    clock: adapters.clock,
    ...(options.inspect && { inspect: guardInspector(options.inspect, plane.warn) }),
  };
  return (carried: CarriedOver | undefined): UnitActor => {
    const input = {
      managesWifi: options.ffWifiManagerEnable,
      isRestOnly: !options.ffMqttEnable,
      protocol: options.mqtt.protocol ?? 'auto',
      brokers: Math.max(1, options.mqtt.brokers?.length ?? 1),
      ...(options.mqtt.timeoutMs !== undefined && { mqttTimeoutMs: options.mqtt.timeoutMs }),
      restartMode: options.restartMode,
      checksVersion: options.ffVersionCheckEnable,
      isCompiled: options.update.program !== undefined,
      isSupervised: adapters.process.isSupervised,
      logConfig: plane.log.config,
      ...(carried && { carried }),
    };
    return guardRequests(createActor(machine, { ...settings, input }));
  };
};
