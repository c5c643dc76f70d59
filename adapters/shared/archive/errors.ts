import { FirmwareError } from '../../../services/errors.ts';

const refused = (code: 'malformed' | 'hostile' | 'tooLarge', what: string, advice: string) =>
  new FirmwareError(code, `The archive was refused: ${what}. ${advice}`);

/** The error of a damaged archive. */
export const malformed = (what: string): FirmwareError => refused('malformed', what, 'Download it again.');

/** The error of an archive that may do harm, or that this host can't hold. */
export const hostile = (what: string): FirmwareError =>
  refused('hostile', what, "Correct that in the unit's repository, and commit it.");

/** The error of an archive above its limits. */
export const tooLarge = (what: string): FirmwareError =>
  refused('tooLarge', what, "List what the unit doesn't need in .pepeignore, and commit that.");
