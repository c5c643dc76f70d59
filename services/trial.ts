import { fromPromise } from 'xstate';
import type { Clock } from './clock.ts';
import { ClientError, RestError } from './errors.ts';
import { find, type Found, type OfUnit } from './finder.ts';
import type { TrialFailure } from './firmware-journal.ts';
import type { FirmwareStatus } from './firmware-transitions.ts';
import type { FirmwareStore } from './firmware.ts';
import { targetOf, type RestServices } from './rest.ts';
import type { BrokerAddress, BrokerProbe, LastLink } from './last-link.ts';

/** What the recovery of an update works with. */
export interface RecoveryServices {
  readonly firmware: Pick<FirmwareStore, 'recover' | 'countStart'>;
  /** Whether the client has to count this start of the program: once, and only where there is no supervisor. */
  readonly countsStart: () => boolean;
}

/**
 * Finishes an interrupted update, for the update machine's `recover`; counts this start of a version on trial if there is no
 * supervisor.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { recoverFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { recover: recoverFirmware({ firmware: unit.world.firmware, countsStart: () => true }) } });
 */
export const recoverFirmware = (given: Found<RecoveryServices>) =>
  fromPromise<FirmwareStatus>(async ({ self }) => {
    const { firmware, countsStart } = find(given, self);
    const status = await firmware.recover();
    const isCounted = countsStart() && status.trial !== undefined;
    return isCounted ? { ...status, ...(await firmware.countStart()) } : status;
  });
export type RecoverFirmware = ReturnType<typeof recoverFirmware>;

/**
 * Asks the app whether it is ready, for the update machine's `checkReady`.
 *
 * @param given Its `isReady` means no if it throws, rejects, or returns `false`.
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { checkReady } from 'pepeunit-client/services';
 *
 * const logic = checkReady({ isReady: () => unit.client.mqttClient.isConnected() });
 * const machine = updateMachine.provide({ actors: { checkReady: logic } });
 */
export const checkReady = (given: Found<{ isReady(): unknown }>) =>
  fromPromise<void>(async ({ self }) => {
    if ((await find(given, self).isReady()) === false)
      throw new ClientError('failed', 'The app says that it is not ready.');
  });
export type CheckReady = ReturnType<typeof checkReady>;

/** Statuses by which an instance refuses a unit, or does not know it. */
const refusals: ReadonlySet<number | undefined> = new Set([401, 403, 404, 422]);

/** Input of the update machine's `probe`. */
export interface ProbeInput extends OfUnit {
  /** Whether the broker denies the running version its base topics. */
  readonly isDenied: boolean;
}

/** What tells whether the version before could get online. */
export interface OldWay {
  readonly brokerProbe: BrokerProbe;
  readonly lastLink: LastLink;
  /** The broker that the running version connects to; `undefined` if its env.json names none. */
  readonly current: () => BrokerAddress | undefined;
}

const isSameBroker = (one: BrokerAddress, other: BrokerAddress | undefined): boolean =>
  one.scheme === other?.scheme && one.host === other.host && one.port === other.port && one.path === other.path;

/** Finds out whether a version could get online now, apart from the one that runs. */
export interface Probe {
  couldGetOnline(input: Pick<ProbeInput, 'isDenied'>, signal: AbortSignal): Promise<boolean>;
}

/**
 * Finds out whether the version before could get online now: it could if the broker of the last good link is there, unless
 * that very broker denies the running version its base topics, as it would deny them to any version. Without a good link so
 * far, the broker of the running version stands in for it.
 *
 * @example
 * import { oldWayProbe, storedLastLink } from 'pepeunit-client/services';
 *
 * const { brokerProbe, storage } = unit.world;
 * const lastLink = storedLastLink(storage, '.pepeunit/link.json');
 * const probe = oldWayProbe({ brokerProbe, lastLink, current: () => undefined });
 */
export const oldWayProbe = ({ brokerProbe, lastLink, current }: OldWay): Probe => ({
  couldGetOnline: async ({ isDenied }, signal) => {
    const running = current();
    const good = (await lastLink.read()) ?? running;
    // A version that knows no broker is at fault itself.
    if (!good) return true;
    if (isDenied && isSameBroker(good, running)) return false;
    return brokerProbe.isThere(good, signal);
  },
});

/**
 * Finds out whether the instance is there over REST, in a unit without MQTT: it is if it answers, also if it refuses this
 * very version. A server that is down, or overloaded, is not.
 *
 * @example
 * import { instanceProbe, readEnv } from 'pepeunit-client/services';
 *
 * const probe = instanceProbe({ http: unit.world.http, env: () => readEnv(unit.world.storage, 'env.json') });
 */
export const instanceProbe = ({ http, env }: RestServices): Probe => ({
  couldGetOnline: async (_, signal) => {
    try {
      await http.getTargetVersion(targetOf(await env()), signal);
      return true;
    } catch (thrown) {
      // A version that has no env is at fault itself.
      return !(thrown instanceof RestError) || refusals.has(thrown.status);
    }
  },
});

/**
 * Asks a {@link Probe}, for the update machine's `probe`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { instanceProbe, probe, readEnv } from 'pepeunit-client/services';
 *
 * const instance = instanceProbe({ http: unit.world.http, env: () => readEnv(unit.world.storage, 'env.json') });
 * const machine = updateMachine.provide({ actors: { probe: probe(instance) } });
 */
export const probe = (given: Found<Probe>) =>
  fromPromise<boolean, ProbeInput>(({ input, self, signal }) => find(given, self).couldGetOnline(input, signal));
export type AskProbe = ReturnType<typeof probe>;

/**
 * Notes on disk that a trial waits, for the update machine's `noteWait`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { noteWait } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { noteWait: noteWait(unit.world.firmware) } });
 */
export const noteWait = (given: Found<FirmwareStore>) =>
  fromPromise<void, OfUnit & { waitedMs: number }>(({ input, self }) => find(given, self).noteWait(input.waitedMs));
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
export const endWait = (given: Found<FirmwareStore>) => fromPromise<void>(({ self }) => find(given, self).endWait());
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
export const noteFailure = (given: Found<FirmwareStore>) =>
  fromPromise<void, OfUnit & TrialFailure>(({ input: { unit: _unit, ...failure }, self }) =>
    find(given, self).noteFailure(failure),
  );
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
 * const machine = updateMachine.provide({ actors: { recall: recallFailure(unit.world) } });
 */
export const recallFailure = (
  given: Found<{ readonly firmware: Pick<FirmwareStore, 'status'>; readonly clock: Pick<Clock, 'now'> }>,
) =>
  fromPromise<PastFailure>(async ({ self }) => {
    const { firmware, clock } = find(given, self);
    const { failed } = await firmware.status();
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
export const confirmFirmware = (given: Found<FirmwareStore>) =>
  fromPromise<void>(({ self }) => find(given, self).confirm());
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
export const rollBackFirmware = (given: Found<FirmwareStore>) =>
  fromPromise<void, OfUnit & TrialFailure>(({ input: { unit: _unit, ...failure }, self }) =>
    find(given, self).rollBack(failure),
  );
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
export const forgetOutcome = (given: Found<FirmwareStore>) =>
  fromPromise<void>(({ self }) => find(given, self).forgetOutcome());
export type ForgetOutcome = ReturnType<typeof forgetOutcome>;
