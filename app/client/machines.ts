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
import type { CarriedOver, UnitInput } from '../../machines/unit/context.ts';
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
import type { OfUnit } from '../../services/finder.ts';
import type { RestServices } from '../../services/rest.ts';
import type { TrialTerms } from '../../services/firmware-journal.ts';
import { flushLogs, sendStoredLogs } from '../../services/log.ts';
import { restartProcess, type RestartingMode } from '../../services/process-control.ts';
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
import type { Adapters } from '../platform.ts';
import type { UnitActor } from './await-event.ts';
import type { DataPlane } from './data-plane.ts';
import type { Documents } from './documents/documents.ts';
import type { Metrics } from './metrics.ts';
import { guardRequests } from './requests.ts';
import { guardInspector } from './inspection.ts';
import type { ResolvedOptions } from './options/options.ts';
import { ofUnit, partsOf } from './registry.ts';
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
  /** Whether the client has to count this start of the program. */
  readonly countsStart: () => boolean;
}

const termsOf = ({ update: { trialStarts, healthTimeoutMs, offlineTrialMs } }: ResolvedOptions): TrialTerms => ({
  maxStarts: trialStarts ?? defaultTrialTerms.maxStarts,
  healthyWithinMs: healthTimeoutMs ?? defaultTrialTerms.healthyWithinMs,
  offlineMs: offlineTrialMs ?? defaultTrialTerms.offlineMs,
});

const random = (context: OfUnit): number => partsOf(context).adapters.random();

/** What a question to the instance needs. */
const restServices = ({ adapters, documents: { settingsSources } }: RootParts): RestServices => ({
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
    delays: jitteredDelays(random, (context) => partsOf(context).plane.router.jitterMs()),
  });

const firmware = ofUnit(({ adapters }) => adapters.firmware);

/** What fetches new versions, such that a stop waits until a download that it cut off has been cleaned up. */
const lastingDownloads = ({ adapters: { firmware: store, programs }, plane }: RootParts) => ({
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
      sendStored: sendStoredLogs(ofUnit(({ reports }) => reports)),
      flush: flushLogs(ofUnit(({ plane }) => plane.log)),
    },
    actions: {
      applyConfig: ({ context }, config) => partsOf(context).plane.log.configure(config),
      markSync: ({ context }) => partsOf(context).plane.mqttLog.watch(),
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
      confirm: confirmEnv(ofUnit(({ adapters }) => adapters.keptEnv)),
    },
    delays: { ...retryDelays, onlineWithin: ({ context }) => termsOf(partsOf(context).options).healthyWithinMs },
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
        const { plane, adapters } = partsOf(context);
        const address = plane.router.brokerAddress();
        if (isGoodLink(denied) && address) plane.inBackground(adapters.lastLink.keep(address));
      },
      log: ({ context }, line) => {
        const { plane, metrics } = partsOf(context);
        plane.log.say(line.level, line.text, line);
        metrics.note(line);
      },
    },
  });

let provided: ReturnType<typeof provideUnit> | undefined;

/** The one definition of all units of the process; made with the first of them. */
export const unitDefinition = (): ReturnType<typeof provideUnit> => (provided ??= provideUnit());

/** What the unit's machine begins with. */
export const unitInputOf = (
  unit: string,
  { adapters, options, plane }: RootParts,
  carried: CarriedOver | undefined,
): UnitInput => ({
  unit,
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
});

/** Creates root actors of the unit, not yet started. Their `send` takes valid requests alone. */
export const rootFactory = (unit: string, parts: RootParts) => {
  const { adapters, options, plane } = parts;
  const settings = {
    id: 'unit',
    clock: adapters.clock,
    ...(options.inspect && { inspect: guardInspector(options.inspect, plane.warn) }),
  };
  return (carried: CarriedOver | undefined): UnitActor =>
    guardRequests(createActor(unitDefinition(), { ...settings, input: unitInputOf(unit, parts, carried) }));
};
