import { FirmwareError } from '../../services/errors.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import type { FirmwareStore, FirmwarePrograms, ReleaseTrust } from '../../services/firmware.ts';

const unsupported = async (): Promise<never> => {
  throw new FirmwareError('unsupported', 'This host has no program folder to update. Set a custom update handler.');
};

const nothing = async (): Promise<void> => undefined;

const settled = async (): Promise<FirmwareStatus> => ({ phase: 'settled' });

/** For hosts whose program is not the unit's to replace, such as a page: every update is refused. */
export const noFirmware = (): FirmwareStore => ({
  stage: unsupported,
  readJson: unsupported,
  swap: unsupported,
  discard: nothing,
  recover: settled,
  status: settled,
  countStart: settled,
  confirm: nothing,
  rollBack: nothing,
  forgetOutcome: nothing,
});

/** For hosts without a program of their own: none is fetched. */
export const noPrograms = (): FirmwarePrograms => ({ fetch: unsupported });

/** For hosts where nothing has to be signed. */
export const trustAll = (): ReleaseTrust => ({ check: async () => undefined });
