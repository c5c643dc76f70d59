import { FirmwareError } from '../../../services/errors.ts';

const refused = (code: 'malformed' | 'hostile' | 'tooLarge', what: string, advice: string) =>
  new FirmwareError(code, `The archive was refused: ${what}. ${advice}`);

/** The error of a damaged archive. */
export const malformed = (what: string): FirmwareError => refused('malformed', what, 'Download it again.');

/** The error of an archive that no instance makes and that may do harm. */
export const hostile = (what: string): FirmwareError =>
  refused('hostile', what, 'Build the version again on the instance.');

/** The error of an archive above its limits. */
export const tooLarge = (what: string): FirmwareError =>
  refused('tooLarge', what, 'Raise the limit, or build a smaller version.');
