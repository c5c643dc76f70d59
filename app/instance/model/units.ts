import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../services/json.ts';
import type { Core } from './core.ts';
import type { UnitDocument, VisibilityLevel } from '../store/documents.ts';
import { randomKey, settableVariables } from './env.ts';
import { invalid } from '../errors.ts';
import { readVersion } from './folder.ts';
import { nodesFor } from './schema.ts';
import { unitRow, type UnitRow } from './rows.ts';

/** A unit to create. */
export interface NewUnit {
  /** 1 to 64 characters. */
  readonly name: string;
  /** Folder on the instance's machine, with env_example.json and schema_example.json; copied as the first version. */
  readonly folder: string;
  /** @defaultValue `'Public'` */
  readonly visibilityLevel?: VisibilityLevel | undefined;
  /** Variables for its env, as for {@link setEnv}. */
  readonly env?: JsonObject | undefined;
  /** URL of the binary, for a compilable unit. */
  readonly compiledFirmwareLink?: string | undefined;
}

/** A version to add. */
export interface NewVersion {
  /** Folder on the instance's machine, with env_example.json and schema_example.json; copied. */
  readonly folder: string;
  /** URL of the binary, for a compilable unit. */
  readonly compiledFirmwareLink?: string | undefined;
}

/** A version as the REST API shows it. */
export interface VersionRow {
  /** Hash of its contents, 40 hex digits. */
  readonly commit: string;
  /** When it was added, ISO 8601. */
  readonly create_datetime: string;
}

/** Creates a unit from a folder. @throws {InstanceError} `invalid` */
export const createUnit = async (core: Core, given: NewUnit): Promise<UnitRow> => {
  const name = given.name.trim();
  if (name.length < 1 || name.length > 64) throw invalid('name must have 1 to 64 characters.');
  const version = await readVersion(core.store, given.folder, given.compiledFirmwareLink ?? null);
  const visibilityLevel = given.visibilityLevel ?? 'Public';
  const created = new Date().toISOString();
  const unit: UnitDocument = {
    uuid: randomUUID(),
    name,
    visibilityLevel,
    created,
    updated: created,
    secretKey: randomKey(),
    encryptKey: randomKey(),
    env: null,
    versions: [version],
    targetCommit: version.commit,
    currentCommit: null,
    state: null,
    update: null,
    nodes: nodesFor(version.schemaExample, [], visibilityLevel),
  };
  const whole: UnitDocument = { ...unit, env: given.env ? settableVariables(unit, given.env) : null };
  await core.store.putUnit(whole);
  return unitRow(core.store, whole, whole.nodes, Date.now());
};

/** Copies a folder as the unit's newest version. Sends nothing to the unit: `Update` does. */
export const addVersion = async (core: Core, uuid: string, given: NewVersion): Promise<VersionRow> => {
  core.store.unit(uuid);
  const version = await readVersion(core.store, given.folder, given.compiledFirmwareLink ?? null);
  const unit = core.store.unit(uuid);
  if (unit.versions.at(-1)?.commit !== version.commit) {
    await core.store.putUnit({ ...unit, versions: [...unit.versions, version] });
  }
  return { commit: version.commit, create_datetime: version.created };
};

/**
 * Merges variables into a unit's env, without those that its version does not list. Sends nothing to the unit:
 * `EnvUpdate` does.
 */
export const setEnv = async ({ store }: Core, uuid: string, variables: JsonObject): Promise<void> => {
  const unit = store.unit(uuid);
  const env = { ...unit.env, ...settableVariables(unit, variables) };
  await store.putUnit({ ...unit, env, updated: new Date().toISOString() });
};

/** Forgets the variables of a unit, and its keys. Sends nothing to the unit: `EnvUpdate` does. */
export const resetEnv = async ({ store }: Core, uuid: string): Promise<void> => {
  const unit = store.unit(uuid);
  const keys = { secretKey: randomKey(), encryptKey: randomKey() };
  await store.putUnit({ ...unit, ...keys, env: null, updated: new Date().toISOString() });
};

/** Deletes a unit with its nodes, log and storage. */
export const deleteUnit = ({ store }: Core, uuid: string): Promise<void> => store.removeUnit(store.unit(uuid).uuid);

/** Limit of the state storage, in characters (code points). */
const maxStateLength = 1_000_000;

const characters = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

/** Stores a text for a unit; an empty one clears it. @throws {InstanceError} `notFound`, `invalid` when too long */
export const setStateStorage = async ({ store }: Core, uuid: string, text: string): Promise<void> => {
  store.unit(uuid);
  if (text.length > maxStateLength && characters(text) > maxStateLength) {
    throw invalid(
      `The encryption content is ${characters(text)} long, although only <= ${maxStateLength} is allowed`,
      'storage',
    );
  }
  await store.putStateStorage(uuid, text);
};
