import { FirmwareError } from '../../services/errors.ts';
import type { FirmwareStore } from '../../services/firmware.ts';

const unsupported = async (): Promise<never> => {
  throw new FirmwareError('unsupported', 'This host has no program folder to update. Set a custom update handler.');
};

/** For hosts whose program is not the unit's to replace, such as a page: every update is refused. */
export const noFirmware = (): FirmwareStore => ({
  stage: unsupported,
  readJson: unsupported,
  swap: unsupported,
  discard: async () => undefined,
});
