import { jitteredRetry, noRetry, type Retry } from '../../machines/lib/retry.ts';
import { jitteredDelays } from '../../machines/mqtt/reconnect-delay.ts';
import { trialDelays } from '../../machines/lib/trial-time.ts';
import { loggerMachine } from '../../machines/logger.ts';
import { isGoodLink } from '../../machines/mqtt/subscriptions.ts';
import { mqttMachine } from '../../machines/mqtt.ts';
import { resetMachine } from '../../machines/reset.ts';
import { schemaMachine } from '../../machines/schema.ts';
import { settingsMachine } from '../../machines/settings.ts';
import { stateReporterMachine } from '../../machines/state-reporter.ts';
import { jitteredTimeDelays, timeMachine } from '../../machines/time.ts';
import { unitMachine } from '../../machines/unit.ts';
import { withSystemIds } from '../../machines/unit/system-ids.ts';
import { updateMachine } from '../../machines/update.ts';
import { questionRetry, versionRetry } from '../../machines/update/pursuit.ts';
import { wifiMachine } from '../../machines/wifi.ts';
import { askInstance, askLastBroker, chargeTrial, compareInstances, confirmEnv } from '../../services/env-trial.ts';
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
  stageProgram,
} from '../../services/update.ts';
import type { OfUnit } from '../../services/finder.ts';
import type { RestServices } from '../../services/rest.ts';
import type { TrialTerms } from '../../services/firmware-journal.ts';
import { flushLogs, readStoredLogs, sendLogBatch } from '../../services/log.ts';
import { restartProcess } from '../../services/process-control.ts';
import { recallReset, resetProgram } from '../../services/reset.ts';
import { loadSchema, refreshSchema } from '../../services/schema.ts';
import { loadSettings, refreshSettings, restoreEnv } from '../../services/settings.ts';
import { collectState, publishState } from '../../services/system.ts';
import {
  checkReady,
  confirmFirmware,
  endWait,
  forgetOutcome,
  noteFailure,
  noteWait,
  instanceProbe,
  oldWayProbe,
  probe,
  recallFailure,
  recoverFirmware,
  rollBackFirmware,
} from '../../services/trial.ts';
import { joinWifi, readWifiStatus, scanForSsid, watchWifi } from '../../services/wifi.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { UnitServices } from './unit-services.ts';
import { ofUnit, servicesOf } from './registry.ts';

const termsOf = ({ update: { trialStarts, healthTimeoutMs, offlineTrialMs } }: ResolvedOptions): TrialTerms => ({
  maxStarts: trialStarts ?? defaultTrialTerms.maxStarts,
  healthyWithinMs: healthTimeoutMs ?? defaultTrialTerms.healthyWithinMs,
  offlineMs: offlineTrialMs ?? defaultTrialTerms.offlineMs,
});

const random = (context: OfUnit): number => servicesOf(context).adapters.random();

/** What a question to the instance needs. */
const restServices = ({ adapters, documents: { settingsSources } }: UnitServices): RestServices => ({
  http: adapters.http,
  env: async () => {
    if (!settingsSources.holder.current) throw new Error('env.json has not been loaded');
    return settingsSources.holder.current;
  },
});

const mqtt = () =>
  mqttMachine.provide({
    actors: {
      holdLink: holdLink(ofUnit(({ adapters, plane }) => ({ broker: adapters.broker, user: plane.router }))),
      closeLink: closeLink(ofUnit(({ plane }) => plane.router)),
    },
    delays: jitteredDelays(random, (context) => servicesOf(context).plane.router.jitterMs()),
  });

const firmware = ofUnit(({ adapters }) => adapters.firmware);

/** What fetches new versions, such that a stop waits until a download that it cut off has been cleaned up. */
const lastingDownloads = ({ adapters: { firmware: store, programs }, plane }: UnitServices) => ({
  firmware: {
    stage: (...given) => plane.untilEnded(store.stage(...given)),
  } satisfies Pick<FirmwareStore, 'stage'>,
  programs: { fetch: (...given) => plane.untilEnded(programs.fetch(...given)) } satisfies FirmwarePrograms,
});

const update = () =>
  updateMachine.provide({
    actors: {
      recover: recoverFirmware(ofUnit(({ adapters, countsStart }) => ({ firmware: adapters.firmware, countsStart }))),
      askTarget: askTarget(ofUnit(restServices)),
      requestUpdate: requestUpdate(ofUnit(restServices)),
      download: downloadFirmware(
        ofUnit((parts) => ({ ...restServices(parts), firmware: lastingDownloads(parts).firmware })),
      ),
      verify: verifyFirmware(
        ofUnit((parts) => ({
          ...restServices(parts),
          firmware: parts.adapters.firmware,
          trust: parts.adapters.trust,
        })),
      ),
      stage: stageProgram(ofUnit((parts) => lastingDownloads(parts).programs)),
      swap: swapFirmware(
        ofUnit(({ adapters, options }) => ({
          firmware: adapters.firmware,
          process: adapters.process,
          trialTerms: termsOf(options),
        })),
      ),
      discard: discardFirmware(firmware),
      restart: restartProcess(ofUnit((parts) => parts)),
      handOver: handOverUpdate(ofUnit((parts) => parts)),
      checkReady: checkReady(ofUnit((parts) => parts)),
      probe: probe(
        ofUnit((parts) => {
          if (!parts.options.ffMqttEnable) return instanceProbe(restServices(parts));
          const { brokerProbe, lastLink } = parts.adapters;
          return oldWayProbe({ brokerProbe, lastLink, current: () => parts.plane.router.brokerAddress() });
        }),
      ),
      noteWait: noteWait(firmware),
      endWait: endWait(firmware),
      noteFailure: noteFailure(firmware),
      recall: recallFailure(ofUnit(({ adapters }) => adapters)),
      confirm: confirmFirmware(firmware),
      rollBack: rollBackFirmware(firmware),
      forgetOutcome: forgetOutcome(firmware),
    },
    delays: {
      ...jitteredRetry(random, versionRetry),
      askAgainAfter: jitteredRetry(random, questionRetry).retryAfter,
    },
  });

const time = () =>
  timeMachine.provide({
    actors: {
      readOffset: readOffset(ofUnit(({ adapters }) => adapters.clockSource)),
      watchClock: watchClock(ofUnit(({ adapters }) => adapters.clock)),
    },
    delays: jitteredTimeDelays(random),
  });

const wifi = () => {
  const station = ofUnit(({ adapters }) => adapters.wifi);
  return wifiMachine.provide({
    actors: {
      readStatus: readWifiStatus(station),
      scan: scanForSsid(station),
      join: joinWifi(
        ofUnit(({ adapters, documents }) => ({
          wifi: adapters.wifi,
          wifiPassword: () => documents.settingsSources.holder.current?.reserved.PUC_WIFI_PASS ?? '',
        })),
      ),
      watchLink: watchWifi(station),
    },
  });
};

const logger = () =>
  loggerMachine.provide({
    actors: {
      readStored: readStoredLogs(ofUnit(({ reports }) => reports.storedLogs)),
      sendBatch: sendLogBatch(ofUnit(({ reports }) => reports.storedLogs)),
      flush: flushLogs(ofUnit(({ plane }) => plane.log)),
    },
    actions: {
      applyConfig: ({ context }, config) => servicesOf(context).plane.log.configure(config),
      markSync: ({ context }) => servicesOf(context).plane.mqttLog.watch(),
      holdEntries: ({ context }) => servicesOf(context).plane.mqttLog.hold(),
      releaseEntries: ({ context }) => servicesOf(context).plane.mqttLog.release(),
    },
  });

const stateReporter = () =>
  stateReporterMachine.provide({
    actors: {
      collect: collectState(ofUnit(({ adapters, epochMs }) => ({ system: adapters.system, epochMs }))),
      publish: publishState(ofUnit(({ reports }) => reports)),
    },
  });

const retryDelays = jitteredRetry(
  random,
  ({ retry = noRetry }: OfUnit & { readonly retry?: Retry | undefined }) => retry,
);

const settings = () => {
  const sources = ofUnit(({ documents }) => documents.settingsSources);
  return settingsMachine.provide({
    actors: {
      load: loadSettings(sources),
      refresh: refreshSettings(sources),
      askBroker: askLastBroker(ofUnit(({ adapters }) => adapters)),
      restore: restoreEnv(sources),
      charge: chargeTrial(sources),
      askInstance: askInstance(sources),
      compareInstances: compareInstances(sources),
      confirm: confirmEnv(sources),
    },
    delays: {
      ...retryDelays,
      ...trialDelays((context: OfUnit) => termsOf(servicesOf(context).options).healthyWithinMs),
    },
  });
};

const schema = () => {
  const sources = ofUnit(({ documents }) => documents.schemaSources);
  return schemaMachine.provide({
    actors: { load: loadSchema(sources), refresh: refreshSchema(sources) },
    delays: retryDelays,
  });
};

const reset = () =>
  resetMachine.provide({
    actors: {
      recall: recallReset(ofUnit(({ adapters }) => adapters.resetRecord)),
      restart: resetProgram(ofUnit(({ adapters, restart }) => ({ resetRecord: adapters.resetRecord, restart }))),
    },
  });

/** Fills every slot; the slots find the services of the unit that they work for when they run. */
const provideUnit = () =>
  unitMachine.provide({
    actors: {
      settings: settings(),
      schema: schema(),
      time: time(),
      wifi: wifi(),
      mqtt: mqtt(),
      update: update(),
      logger: logger(),
      stateReporter: stateReporter(),
      reset: reset(),
    },
    actions: {
      noteLink: ({ context }, { denied }) => {
        const { plane, adapters } = servicesOf(context);
        const address = plane.router.brokerAddress();
        if (isGoodLink(denied) && address) plane.inBackground(adapters.lastLink.keep(address));
      },
      log: ({ context }, line) => {
        const { plane, metrics } = servicesOf(context);
        plane.log.say(line.level, line.text, line);
        metrics.note(line);
      },
    },
  });

let provided: ReturnType<typeof provideUnit> | undefined;

/** The one definition of all units of the process, made with the first of them; a copy where children get system ids. */
export const unitDefinition = ({
  systemIdPrefix,
}: Partial<Pick<ResolvedOptions, 'systemIdPrefix'>>): ReturnType<typeof provideUnit> => {
  provided ??= provideUnit();
  return systemIdPrefix === undefined ? provided : withSystemIds(provided, systemIdPrefix);
};
