import { fromPromise } from 'xstate';
import type { Clock } from './clock.ts';
import type { UnitEnv } from './env.ts';
import { ClientError, RestError } from './errors.ts';
import type { TrialFailure } from './firmware-journal.ts';
import type { FirmwareStatus } from './firmware-transitions.ts';
import type { FirmwareStore } from './firmware.ts';
import { targetOf, type Rest } from './rest.ts';
import type { BrokerAddress, BrokerProbe, LastLink } from './last-link.ts';

/**
 * Finishes an interrupted update, for the update machine's `recover`; counts this start if there is no supervisor.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { recoverFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { recover: recoverFirmware(unit.world.firmware, false) } });
 */
export const recoverFirmware = (store: FirmwareStore, isSupervised: boolean) => {
  let isCounted = isSupervised;
  return fromPromise<FirmwareStatus>(async () => {
    const status = await store.recover();
    if (isCounted) return status;
    isCounted = true;
    return { ...status, ...(await store.countStart()) };
  });
};
export type RecoverFirmware = ReturnType<typeof recoverFirmware>;

/**
 * Asks the app whether it is ready, for the update machine's `checkReady`.
 *
 * @param isReady Means no if it throws, rejects, or returns `false`.
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { checkReady } from 'pepeunit-client/services';
 *
 * const logic = checkReady(() => unit.client.mqttClient.isConnected());
 * const machine = updateMachine.provide({ actors: { checkReady: logic } });
 */
export const checkReady = (isReady: () => unknown) =>
  fromPromise<void>(async () => {
    if ((await isReady()) === false) throw new ClientError('failed', 'The app says that it is not ready.');
  });
export type CheckReady = ReturnType<typeof checkReady>;

/** Statuses by which an instance refuses a unit, or does not know it. */
const refusals: ReadonlySet<number | undefined> = new Set([401, 403, 404, 422]);

/** What tells whether the version before could get online. */
export interface OldWay {
  readonly probe: BrokerProbe;
  readonly lastLink: LastLink;
  /** The broker that the running version connects to; `undefined` if its env.json names none. */
  readonly current: () => BrokerAddress | undefined;
}

const isSameBroker = (one: BrokerAddress, other: BrokerAddress | undefined): boolean =>
  one.scheme === other?.scheme && one.host === other.host && one.port === other.port && one.path === other.path;

/**
 * Finds out whether the version before could get online now, for the update machine's `probe`: it could if the broker of
 * the last good link is there, unless that very broker denies the running version its base topics, as it would deny them
 * to any version. Without a good link so far, the broker of the running version stands in for it.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { probeOldWay, storedLastLink } from 'pepeunit-client/services';
 *
 * const { brokerProbe: probe, storage } = unit.world;
 * const oldWay = { probe, lastLink: storedLastLink(storage, '.pepeunit/link.json'), current: () => undefined };
 * const machine = updateMachine.provide({ actors: { probe: probeOldWay(oldWay) } });
 */
export const probeOldWay = ({ probe, lastLink, current }: OldWay) =>
  fromPromise<boolean, { isDenied: boolean }>(async ({ input: { isDenied }, signal }) => {
    const running = current();
    const good = (await lastLink.read()) ?? running;
    // A version that knows no broker is at fault itself.
    if (!good) return true;
    if (isDenied && isSameBroker(good, running)) return false;
    return probe.isThere(good, signal);
  });
export type ProbeOldWay = ReturnType<typeof probeOldWay>;

/**
 * Finds out whether the instance is there over REST, for the update machine's `probe` in a unit without MQTT: it is if it
 * answers, also if it refuses this very version. A server that is down, or overloaded, is not.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { probeInstance, readEnv } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const machine = updateMachine.provide({ actors: { probe: probeInstance(unit.world.http, env) } });
 */
export const probeInstance = (rest: Rest, env: () => Promise<UnitEnv>) =>
  fromPromise<boolean, { isDenied: boolean }>(async ({ signal }) => {
    try {
      await rest.getTargetVersion(targetOf(await env()), signal);
      return true;
    } catch (thrown) {
      // A version that has no env is at fault itself.
      return !(thrown instanceof RestError) || refusals.has(thrown.status);
    }
  });

/**
 * Notes on disk that a trial waits, for the update machine's `noteWait`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { noteWait } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { noteWait: noteWait(unit.world.firmware) } });
 */
export const noteWait = (store: FirmwareStore) =>
  fromPromise<void, { waitedMs: number }>(({ input }) => store.noteWait(input.waitedMs));
export type NoteWait = ReturnType<typeof noteWait>;

/**
 * Notes on disk that a trial goes on, for the update machine's `endWait`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { endWait } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { endWait: endWait(unit.world.firmware) } });
 */
export const endWait = (store: FirmwareStore) => fromPromise<void>(() => store.endWait());
export type EndWait = ReturnType<typeof endWait>;

/**
 * Notes on disk why a start failed, for the update machine's `noteFailure`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { noteFailure } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { noteFailure: noteFailure(unit.world.firmware) } });
 */
export const noteFailure = (store: FirmwareStore) =>
  fromPromise<void, TrialFailure>(({ input }) => store.noteFailure(input));
export type NoteFailure = ReturnType<typeof noteFailure>;

/** What is remembered of the version that failed last. */
export interface PastFailure {
  /** Code of the failure, if known. */
  readonly code?: string | undefined;
  /** Its age, milliseconds, as far as the wall clock can be trusted; a clock that was set back makes it old as well. */
  readonly ageMs: number;
}

/**
 * Reads how long ago a version failed and why, for the update machine's `recall`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { recallFailure } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { recall: recallFailure(unit.world.firmware, unit.world.clock) } });
 */
export const recallFailure = (store: FirmwareStore, clock: Pick<Clock, 'now'>) =>
  fromPromise<PastFailure>(async () => {
    const { failed } = await store.status();
    return { code: failed?.code, ageMs: failed?.at === undefined ? Infinity : Math.abs(clock.now() - failed.at) };
  });
export type RecallFailure = ReturnType<typeof recallFailure>;

/**
 * Ends a trial with success, for the update machine's `confirm`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { confirmFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { confirm: confirmFirmware(unit.world.firmware) } });
 */
export const confirmFirmware = (store: FirmwareStore) => fromPromise<void>(() => store.confirm());
export type ConfirmFirmware = ReturnType<typeof confirmFirmware>;

/**
 * Restores the previous version, for the update machine's `rollBack`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { rollBackFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { rollBack: rollBackFirmware(unit.world.firmware) } });
 */
export const rollBackFirmware = (store: FirmwareStore) =>
  fromPromise<void, TrialFailure>(({ input }) => store.rollBack(input));
export type RollBackFirmware = ReturnType<typeof rollBackFirmware>;

/**
 * Forgets the reported outcome, for the update machine's `forgetOutcome`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { forgetOutcome } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { forgetOutcome: forgetOutcome(unit.world.firmware) } });
 */
export const forgetOutcome = (store: FirmwareStore) => fromPromise<void>(() => store.forgetOutcome());
export type ForgetOutcome = ReturnType<typeof forgetOutcome>;
