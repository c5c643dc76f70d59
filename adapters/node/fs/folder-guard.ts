import { stat } from 'node:fs/promises';
import { StorageError } from '../../../services/errors.ts';

/**
 * Creates the check that a folder is still the one that it was at the first call: a deploy tool may put another one in
 * its place while the unit runs.
 *
 * @throws {StorageError} `io`, from the check
 */
export const createFolderGuard = (folder: string): (() => Promise<void>) => {
  let first: string | undefined;
  return async () => {
    const now = await stat(folder).then(
      ({ dev, ino }) => `${dev}:${ino}`,
      () => undefined,
    );
    first ??= now;
    if (now === first) return;
    throw new StorageError('io', `${folder} was moved or replaced while the unit runs. Restart the unit.`);
  };
};
