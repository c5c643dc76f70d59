import { jitteredRetry } from '../../machines/lib/retry.ts';
import { updateMachine } from '../../machines/update.ts';
import { questionRetry, versionRetry } from '../../machines/update/pursuit.ts';
import { defaultTrialTerms, type FirmwareStore } from '../../services/firmware.ts';
import {
  askTarget,
  completeFirmware,
  discardFirmware,
  downloadFirmware,
  handOverUpdate,
  requestUpdate,
  swapFirmware,
  verifyFirmware,
  type CompletionServices,
} from '../../services/update.ts';
import type { OfUnit } from '../../services/finder.ts';
import type { RestServices } from '../../services/rest.ts';
import type { TrialTerms } from '../../services/firmware-journal.ts';
import { restartProcess } from '../../services/process-control.ts';
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
import type { ResolvedOptions } from './options/options.ts';
import type { UnitServices } from './unit-services.ts';
import { ofUnit, servicesOf } from './registry.ts';

/** The terms of a version's trial. */
export const termsOf = ({ update: { trialStarts, healthTimeoutMs, offlineTrialMs } }: ResolvedOptions): TrialTerms => ({
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

const firmware = ofUnit(({ adapters }) => adapters.firmware);

/** What gets new versions and removes refused ones, such that a stop waits until what it cut off has been cleaned up. */
const lastingWork = ({ adapters: { firmware: store, programs, packages }, plane }: UnitServices) => ({
  firmware: {
    stage: (...given) => plane.untilEnded(store.stage(...given)),
    discard: (...given) => plane.untilEnded(store.discard(...given)),
  } satisfies Pick<FirmwareStore, 'stage' | 'discard'>,
  completion: {
    programs: { fetch: (...given) => plane.untilEnded(programs.fetch(...given)) },
    packages: { ensure: (...given) => plane.untilEnded(packages.ensure(...given)) },
  } satisfies CompletionServices,
});

/** Fills the slots of the update machine. */
export const provideUpdate = () =>
  updateMachine.provide({
    actors: {
      recover: recoverFirmware(ofUnit(({ adapters, countsStart }) => ({ firmware: adapters.firmware, countsStart }))),
      askTarget: askTarget(ofUnit(restServices)),
      requestUpdate: requestUpdate(ofUnit(restServices)),
      download: downloadFirmware(
        ofUnit((parts) => ({ ...restServices(parts), firmware: lastingWork(parts).firmware })),
      ),
      verify: verifyFirmware(
        ofUnit((parts) => ({
          ...restServices(parts),
          firmware: parts.adapters.firmware,
          trust: parts.adapters.trust,
        })),
      ),
      stage: completeFirmware(ofUnit((parts) => lastingWork(parts).completion)),
      swap: swapFirmware(
        ofUnit(({ adapters, options }) => ({
          firmware: adapters.firmware,
          process: adapters.process,
          trialTerms: termsOf(options),
        })),
      ),
      discard: discardFirmware(ofUnit((parts) => lastingWork(parts).firmware)),
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
