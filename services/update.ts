import { fromPromise } from 'xstate';
import { parseNextEnv, type UnitEnv } from './env.ts';
import { FirmwareError } from './errors.ts';
import { find, type Found, type OfUnit } from './finder.ts';
import { defaultTrialTerms } from './firmware.ts';
import type { FirmwarePackages, FirmwarePrograms, FirmwareStore, ReleaseTrust, StagedFirmware } from './firmware.ts';
import type { FirmwareScope, TrialTerms } from './firmware-journal.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { isRestarting, type ProcessControl, type RestartMode } from './process-control.ts';
import { targetOf, type RestServices } from './rest.ts';
import { parseNextSchema } from './schema.ts';

/** The version that an update command requests. */
export interface UpdateTarget {
  /** The version; empty for the newest one. */
  readonly commitVersion: string;
  /** `COMPILED_FIRMWARE_LINK`, for compilable units. */
  readonly firmwareLink?: string;
  /** The original command, for a custom update handler. */
  readonly payload?: JsonObject;
  /** The version itself, of a local archive: nothing is downloaded, and no handler of the app replaces the update. */
  readonly staged?: StagedFirmware;
}

/**
 * Asks the instance for the target version, for the update machine's `askTarget`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { askTarget, readEnv } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const machine = updateMachine.provide({ actors: { askTarget: askTarget({ http: unit.world.http, env }) } });
 */
export const askTarget = (given: Found<RestServices>) =>
  fromPromise<string>(async ({ self, signal }) => {
    const { http, env } = find(given, self);
    return (await http.getTargetVersion(targetOf(await env()), signal)).commit;
  });
export type AskTarget = ReturnType<typeof askTarget>;

/**
 * Asks the instance to send the unit its update command, for the update machine's `requestUpdate`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { readEnv, requestUpdate } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const machine = updateMachine.provide({ actors: { requestUpdate: requestUpdate({ http: unit.world.http, env }) } });
 */
export const requestUpdate = (given: Found<RestServices>) =>
  fromPromise<void>(async ({ self, signal }) => {
    const { http, env } = find(given, self);
    await http.requestUpdate(targetOf(await env()), signal);
  });
export type RequestUpdate = ReturnType<typeof requestUpdate>;

/**
 * Downloads and stages the firmware, unless the target is staged already, for the update machine's `download`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { downloadFirmware, readEnv } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const { http, firmware } = unit.world;
 * const machine = updateMachine.provide({ actors: { download: downloadFirmware({ http, firmware, env }) } });
 */
export const downloadFirmware = (given: Found<RestServices & { readonly firmware: Pick<FirmwareStore, 'stage'> }>) =>
  fromPromise<StagedFirmware, OfUnit & { target: UpdateTarget }>(async ({ input, self, signal }) => {
    const { http, firmware, env } = find(given, self);
    if (input.target.staged) return input.target.staged;
    const archive = await http.getFirmware(targetOf(await env()), signal);
    signal.throwIfAborted();
    return firmware.stage(archive, signal);
  });
export type DownloadFirmware = ReturnType<typeof downloadFirmware>;

/** What completes a staged version. */
export interface CompletionServices {
  readonly programs: FirmwarePrograms;
  readonly packages: FirmwarePackages;
}

/**
 * Completes a staged version, for the update machine's `stage`: fetches the program of a compilable unit, or sees to the npm
 * packages that another one needs.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { completeFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { stage: completeFirmware(unit.world.adapters) } });
 */
export const completeFirmware = (given: Found<CompletionServices>) =>
  fromPromise<StagedFirmware, OfUnit & { staged: StagedFirmware; target: UpdateTarget }>(
    async ({ input, self, signal }) => {
      const { programs, packages } = find(given, self);
      const { staged, target } = input;
      if (target.firmwareLink === undefined) {
        await packages.ensure(staged.id, signal);
        return staged;
      }
      const { bytes } = await programs.fetch(staged.id, target.firmwareLink, signal);
      return { ...staged, files: staged.files + 1, bytes: staged.bytes + bytes };
    },
  );
export type CompleteFirmware = ReturnType<typeof completeFirmware>;

const required = async (store: FirmwareStore, id: string, name: string): Promise<JsonValue> => {
  const document = await store.readJson(id, name);
  if (document === undefined) {
    throw new FirmwareError('incomplete', `The firmware holds no ${name}. Send the update again.`);
  }
  return document;
};

/**
 * Checks that a staged version is complete, belongs to the unit, is the requested one, and is signed if required, for
 * the update machine's `verify`. A compilable unit's archive holds env.json and schema.json alone; there the program is
 * signed instead.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { readEnv, verifyFirmware } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const trust = { check: async () => undefined };
 * const machine = updateMachine.provide({ actors: { verify: verifyFirmware({ firmware: unit.world.firmware, trust, env }) } });
 */
export const verifyFirmware = (
  given: Found<{
    readonly firmware: FirmwareStore;
    readonly trust: ReleaseTrust;
    readonly env: () => Promise<UnitEnv>;
  }>,
) =>
  fromPromise<void, OfUnit & { staged: StagedFirmware; target: UpdateTarget }>(async ({ input, self }) => {
    const services = find(given, self);
    const { firmware: store, trust } = services;
    const { id } = input.staged;
    const { unitUuid } = await services.env();
    const env = parseNextEnv(await required(store, id, 'env.json'), unitUuid);
    parseNextSchema(await required(store, id, 'schema.json'), unitUuid);
    const { commitVersion } = input.target;
    if (commitVersion !== '' && env.reserved.PU_COMMIT_VERSION !== commitVersion) {
      throw new FirmwareError(
        'version',
        `The firmware is version ${env.reserved.PU_COMMIT_VERSION}, asked for was ${commitVersion}. Send the update again.`,
      );
    }
    if (input.target.firmwareLink === undefined) await trust.check(id);
  });
export type VerifyFirmware = ReturnType<typeof verifyFirmware>;

const scopeOf = (mode: RestartMode, { firmwareLink }: UpdateTarget): FirmwareScope => {
  if (mode === 'env_schema_only') return 'envAndSchema';
  return firmwareLink === undefined ? 'everything' : 'compiled';
};

/** env.json and schema.json, the only files in the archive of a compilable unit. */
const documentFiles = 2;

/** Refuses to replace a program by nothing: only the command carries the link to a compiled one. */
const checkHoldsProgram = (scope: FirmwareScope, { files }: StagedFirmware): void => {
  if (scope !== 'everything' || files > documentFiles) return;
  throw new FirmwareError(
    'incomplete',
    'The firmware holds no program. For a compiled unit, set update.program and send the update command with its link.',
  );
};

/** What the installation of a version works with. */
export interface SwapServices {
  readonly firmware: FirmwareStore;
  /** Terms of the version's trial. @defaultValue three starts of two minutes, and a day without a broker */
  readonly trialTerms?: TrialTerms;
  /** Refuses where the restart after it is not possible. */
  readonly process?: Pick<ProcessControl, 'checkRestart'>;
}

/**
 * Installs a staged version, for the update machine's `swap`; refuses where the restart after it is not possible.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { swapFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { swap: swapFirmware({ firmware: unit.world.firmware }) } });
 */
export const swapFirmware = (given: Found<SwapServices>) =>
  fromPromise<void, OfUnit & { staged: StagedFirmware; mode: RestartMode; from: string; target: UpdateTarget }>(
    async ({ input: { staged, mode, from, target }, self }) => {
      const { firmware: store, trialTerms: trial = defaultTrialTerms, process } = find(given, self);
      if (isRestarting(mode)) process?.checkRestart?.(mode);
      const scope = scopeOf(mode, target);
      checkHoldsProgram(scope, staged);
      if (scope === 'everything') await store.checkProgram(staged.id);
      // A version that waits for the next start has not begun its trial; the newer one replaces it.
      await store.rollBack({ reason: `Version ${target.commitVersion} was wanted instead.` });
      await store.swap(staged.id, { scope, from, to: target.commitVersion, trial });
    },
  );
export type SwapFirmware = ReturnType<typeof swapFirmware>;

/**
 * Removes a refused version, for the update machine's `discard`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { discardFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { discard: discardFirmware(unit.world.firmware) } });
 */
export const discardFirmware = (given: Found<Pick<FirmwareStore, 'discard'>>) =>
  fromPromise<void, OfUnit & { staged: StagedFirmware }>(({ input, self }) =>
    find(given, self).discard(input.staged.id),
  );
export type DiscardFirmware = ReturnType<typeof discardFirmware>;

/**
 * Stages a local archive and reads its version.
 *
 * @returns The target of an update to it. Discard it after the update: that does nothing once it is swapped in.
 * @throws {FirmwareError | SettingsError} The archive is refused, or no version of this unit; nothing is left of it.
 * @example
 * import { stageArchive } from 'pepeunit-client/services';
 *
 * const stage = (archive: AsyncIterable<Uint8Array>) =>
 *   stageArchive(unit.world.firmware, archive, unit.client.settings.unitUuid, AbortSignal.timeout(30_000));
 */
export const stageArchive = async (
  store: FirmwareStore,
  archive: AsyncIterable<Uint8Array>,
  unitUuid: string,
  signal: AbortSignal,
): Promise<UpdateTarget & { readonly staged: StagedFirmware }> => {
  const staged = await store.stage(archive, signal);
  try {
    const { reserved } = parseNextEnv(await required(store, staged.id, 'env.json'), unitUuid);
    return { commitVersion: reserved.PU_COMMIT_VERSION, staged };
  } catch (cause) {
    await store.discard(staged.id);
    throw cause;
  }
};

/**
 * Passes an update to the app's own handler, for the update machine's `handOver`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { handOverUpdate } from 'pepeunit-client/services';
 *
 * const handOver = handOverUpdate({ handOver: async ({ commitVersion }) => console.log(commitVersion) });
 * const machine = updateMachine.provide({ actors: { handOver } });
 */
export const handOverUpdate = (given: Found<{ handOver(target: UpdateTarget): Promise<void> }>) =>
  fromPromise<void, OfUnit & { target: UpdateTarget }>(({ input, self }) => find(given, self).handOver(input.target));
export type HandOverUpdate = ReturnType<typeof handOverUpdate>;
