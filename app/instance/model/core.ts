import type { JsonObject } from '../../../services/json.ts';
import type { UnitDocument } from '../store/documents.ts';
import { buildEnv, versionOf, type Address } from './env.ts';
import type { EventSource } from './events.ts';
import { firmwareFiles } from './firmware.ts';
import { buildSchema } from './schema.ts';
import type { Store } from '../store/store.ts';
import type { ArchiveFile } from './archive.ts';
import type { Tokens } from './tokens.ts';

/** What every part of an instance works with. */
export interface Core {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly events: EventSource;
  readonly address: Address;
  /** Publishes as the instance itself. */
  publish(topic: string, payload: string): Promise<void>;
}

/** A unit's env.json, with its token. */
export const envOf = async ({ tokens, address }: Core, unit: UnitDocument): Promise<JsonObject> =>
  buildEnv(unit, await tokens.issue({ type: 'Unit', uuid: unit.uuid }), address);

/** A unit's schema.json. */
export const schemaOf = ({ store, address }: Core, unit: UnitDocument): JsonObject =>
  buildSchema(store, address.domain, unit);

const programFiles = (store: Store, unit: UnitDocument): Promise<ArchiveFile[]> => {
  const { files, compiledFirmwareLink } = versionOf(unit, unit.targetCommit);
  if (compiledFirmwareLink !== null) return Promise.resolve([]);
  return Promise.all(
    files.map(async ({ path, hash, executable }) => ({ path, bytes: await store.blob(hash), executable })),
  );
};

/** The files of the version that a unit should run, with the env.json and schema.json that belong to it. */
export const firmwareOf = async (core: Core, unit: UnitDocument): Promise<readonly ArchiveFile[]> =>
  firmwareFiles(await programFiles(core.store, unit), await envOf(core, unit), schemaOf(core, unit));
