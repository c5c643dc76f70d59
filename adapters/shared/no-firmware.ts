import { FirmwareError } from '../../services/errors.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import type { FirmwarePackages, FirmwarePrograms, FirmwareStore, ReleaseTrust } from '../../services/firmware.ts';

const unsupported = async (): Promise<never> => {
  throw new FirmwareError('unsupported', 'This host has no program folder to update. Set a custom update handler.');
};

const nothing = async (): Promise<void> => undefined;

const settled = async (): Promise<FirmwareStatus> => ({ phase: 'settled' });

/** Refuses every update; for hosts such as a page, where the client can't replace the program. */
export const noFirmware = (): FirmwareStore => ({
  stage: unsupported,
  readJson: unsupported,
  checkProgram: unsupported,
  swap: unsupported,
  replaceEnv: (_, write) => write(),
  discard: nothing,
  recover: settled,
  status: settled,
  countStart: settled,
  noteWait: nothing,
  endWait: nothing,
  noteFailure: nothing,
  confirm: nothing,
  rollBack: nothing,
  forgetOutcome: nothing,
});

/** Refuses every program; for hosts without a program of their own. */
export const noPrograms = (): FirmwarePrograms => ({ fetch: unsupported });

/** Looks at no packages; for hosts without npm's. */
export const anyPackages = (): FirmwarePackages => ({ ensure: nothing });

/** Trusts every version; for hosts without signatures. */
export const trustAll = (): ReleaseTrust => ({ check: async () => undefined });
