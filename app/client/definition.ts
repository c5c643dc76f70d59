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
import { wifiMachine } from '../../machines/wifi.ts';
import { askInstance, askLastBroker, chargeTrial, compareInstances, confirmEnv } from '../../services/env-trial.ts';
import { closeLink, holdLink } from '../../services/link.ts';
import { readOffset, watchClock } from '../../services/clock.ts';
import type { OfUnit } from '../../services/finder.ts';
import { awaitFiles, restartProcess } from '../../services/process-control.ts';
import { flushLogs, readStoredLogs, sendLogBatch } from '../../services/log.ts';
import { recallReset, resetProgram } from '../../services/reset.ts';
import { loadSchema, refreshSchema } from '../../services/schema.ts';
import { runMainCycle } from '../../services/main-cycle.ts';
import { releaseHoldings } from '../../services/shutdown.ts';
import { loadSettings, refreshSettings, restoreEnv } from '../../services/settings.ts';
import { collectState, publishState } from '../../services/system.ts';
import { joinWifi, readWifiStatus, scanForSsid, watchWifi } from '../../services/wifi.ts';
import type { ResolvedOptions } from './options/options.ts';
import { ofUnit, servicesOf } from './registry.ts';
import { provideUpdate, termsOf } from './update-slots.ts';

const random = (context: OfUnit): number => servicesOf(context).adapters.random();

const mqtt = () =>
  mqttMachine.provide({
    actors: {
      holdLink: holdLink(ofUnit(({ adapters: { broker, clock }, plane }) => ({ broker, clock, user: plane.router }))),
      closeLink: closeLink(ofUnit(({ plane }) => plane.router)),
    },
    delays: jitteredDelays(random, (context) => servicesOf(context).plane.router.jitterMs()),
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
      collect: collectState(ofUnit((services) => services)),
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

const departure = ofUnit((parts) => parts.departure);

/** Fills every slot; the slots find the services of the unit that they work for when they run. */
const provideUnit = () =>
  unitMachine.provide({
    actors: {
      settings: settings(),
      schema: schema(),
      time: time(),
      wifi: wifi(),
      mqtt: mqtt(),
      update: provideUpdate(),
      logger: logger(),
      stateReporter: stateReporter(),
      reset: reset(),
      mainCycle: runMainCycle(ofUnit(({ cycle }) => cycle)),
      release: releaseHoldings(ofUnit(({ shutdown }) => shutdown)),
      awaitFiles: awaitFiles(departure),
      flush: flushLogs(departure),
      releaseOutbox: releaseHoldings(departure),
      handOver: restartProcess(departure),
    },
    actions: {
      endWork: ({ context }) => servicesOf(context).shutdown.endWork(),
      resumeWork: ({ context }) => servicesOf(context).shutdown.resume(),
      reopenOutbox: ({ context }) => servicesOf(context).departure.resume(),
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
