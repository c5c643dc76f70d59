import { fromPromise } from 'xstate';
import type { UnitEnv } from './env.ts';
import { ClientError } from './errors.ts';
import type { FirmwareStore } from './firmware.ts';
import type { FirmwareStatus } from './firmware-journal.ts';
import { targetOf, type Rest } from './rest.ts';

/**
 * Finishes what an earlier start left, for the update machine's `recover`. Without a supervisor it counts this start too,
 * once.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { recoverFirmware } from 'pepeunit-client/services';
 *
 * const recover = recoverFirmware(unit.world.firmware, false);
 * const machine = updateMachine.provide({ actors: { recover } });
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
 * Asks the instance which version it wants, for the update machine's `askTarget`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { askTarget, readEnv } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const machine = updateMachine.provide({ actors: { askTarget: askTarget(unit.world.http, env) } });
 */
export const askTarget = (rest: Rest, env: () => Promise<UnitEnv>) =>
  fromPromise<string>(async ({ signal }) => (await rest.getTargetVersion(targetOf(await env()), signal)).commit);
export type AskTarget = ReturnType<typeof askTarget>;

/**
 * Asks the app whether it is ready, for the update machine's `checkReady`.
 *
 * @param isReady Means no when it throws, rejects, or answers `false`.
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
 * Puts the previous version in place again, for the update machine's `rollBack`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { rollBackFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { rollBack: rollBackFirmware(unit.world.firmware) } });
 */
export const rollBackFirmware = (store: FirmwareStore) =>
  fromPromise<void, { reason: string }>(({ input }) => store.rollBack(input.reason));
export type RollBackFirmware = ReturnType<typeof rollBackFirmware>;

/**
 * Forgets the outcome once it was reported, for the update machine's `forgetOutcome`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { forgetOutcome } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { forgetOutcome: forgetOutcome(unit.world.firmware) } });
 */
export const forgetOutcome = (store: FirmwareStore) => fromPromise<void>(() => store.forgetOutcome());
export type ForgetOutcome = ReturnType<typeof forgetOutcome>;
