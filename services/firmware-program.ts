import { fromPromise } from 'xstate';
import type { StagedFirmware, UpdateTarget } from './firmware.ts';

/** Fetches the programs of compilable units. */
export interface FirmwarePrograms {
  /**
   * Puts the program behind a link beside a staged version's env.json and schema.json, executable and checked; whatever
   * else the archive held goes. The link is asked without any token. What an earlier call got is not asked for again,
   * where the server can tell that it is still the same.
   *
   * @param link `COMPILED_FIRMWARE_LINK`; `#sha256=HEX` at its end holds the program to that digest.
   * @throws {FirmwareError} `link` when it may not be followed, `digest`, `selfTest`, `tooLarge`, `space`, `io`,
   * `unsigned`, `tampered`, `outdated`
   * @throws {RestError} when the server does not give it: `status`, `redirect`, `network`, `timeout`, `aborted`, `malformed`
   */
  fetch(id: string, link: string, signal: AbortSignal): Promise<{ readonly bytes: number }>;
}

/**
 * Fetches the program of a compilable unit into its staged version, for the update machine's `stage`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { stageProgram } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { stage: stageProgram(unit.world.programs) } });
 */
export const stageProgram = (programs: FirmwarePrograms) =>
  fromPromise<StagedFirmware, { staged: StagedFirmware; target: UpdateTarget }>(async ({ input, signal }) => {
    const { staged, target } = input;
    if (target.firmwareLink === undefined) return staged;
    const { bytes } = await programs.fetch(staged.id, target.firmwareLink, signal);
    return { ...staged, files: staged.files + 1, bytes: staged.bytes + bytes };
  });
export type StageProgram = ReturnType<typeof stageProgram>;
