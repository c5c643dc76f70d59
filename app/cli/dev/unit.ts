import { basename, join } from 'node:path';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import { replaceFile } from '../../../adapters/node/fs/durable-file.ts';
import { unitUuidOf } from '../../../services/env.ts';
import { SettingsError, textOf } from '../../../services/errors.ts';
import { isJsonObject } from '../../../services/json.ts';
import type { Instance } from '../../instance/index.ts';

const longestName = 64;

const uuidIn = async (path: string): Promise<string | undefined> => {
  const env = await readDocument(path);
  if (env === undefined) return undefined;
  try {
    return isJsonObject(env) ? unitUuidOf(textOf(env['PU_AUTH_TOKEN'] ?? '')) : '';
  } catch (thrown) {
    if (thrown instanceof SettingsError) return '';
    throw thrown;
  }
};

/** Leaves the env.json of a unit of another instance alone. @throws {SettingsError} */
const checkOwnership = async (folder: string, uuid: string | undefined): Promise<void> => {
  const path = join(folder, 'env.json');
  const found = await uuidIn(path);
  if (found === undefined || found === uuid) return;
  throw new SettingsError(
    'invalid',
    `${path} is of a unit of another instance, and stays as it is. Move it and schema.json away, or run it by npx pepeunit-client run.`,
  );
};

/** The unit of a folder on the instance of `pepeunit dev`. */
export interface DevUnit {
  readonly uuid: string;
  /** The version that the unit is to run. */
  version(): string;
  /** Makes the folder as it is now a version. @returns Its commit. */
  addVersion(): Promise<string>;
  /** Sets the version that the unit is to run, and the nodes of its schema. */
  target(commit: string): Promise<void>;
  /** Writes env.json and schema.json of the unit into its folder. */
  writeDocuments(): Promise<void>;
}

const writeJson = (path: string, document: unknown): Promise<void> =>
  replaceFile(path, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });

/**
 * Finds the unit of a folder on its instance, or makes it.
 *
 * @throws {SettingsError} The folder has the env.json of another unit.
 */
export const openDevUnit = async ({ operator }: Instance, folder: string): Promise<DevUnit> => {
  const known = operator.listUnits({ limit: 1 }).units[0];
  await checkOwnership(folder, known?.uuid);
  const name = Array.from(basename(folder)).slice(0, longestName).join('').trim();
  const { uuid } = known ?? (await operator.createUnit({ name: name === '' ? 'unit' : name, folder, env: {} }));
  return {
    uuid,
    version: () => operator.getTargetVersion(uuid).commit,
    addVersion: async () => (await operator.addVersion(uuid, { folder })).commit,
    target: (commit) => operator.sendCommand(uuid, 'Update', commit),
    writeDocuments: async () => {
      await writeJson(join(folder, 'schema.json'), operator.getSchema(uuid));
      await writeJson(join(folder, 'env.json'), await operator.getEnv(uuid));
    },
  };
};
