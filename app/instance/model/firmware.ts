import type { JsonObject } from '../../../services/json.ts';
import type { UnitDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import type { ArchiveFile } from './archive.ts';
import type { Core } from './core.ts';
import { buildEnv, versionOf } from './env.ts';
import { buildSchema } from './schema.ts';

const toJson = (path: string, document: JsonObject): ArchiveFile => ({
  path,
  bytes: new TextEncoder().encode(JSON.stringify(document, null, 4)),
  executable: false,
});

/** Builds a unit's env.json, with its token. */
export const envOf = async ({ tokens, address }: Core, unit: UnitDocument): Promise<JsonObject> =>
  buildEnv(unit, await tokens.issue({ type: 'Unit', uuid: unit.uuid }), address);

/** Builds a unit's schema.json. */
export const schemaOf = ({ store, address }: Core, unit: UnitDocument): JsonObject =>
  buildSchema(store, address.domain, unit);

const programFiles = (store: Store, unit: UnitDocument): Promise<ArchiveFile[]> => {
  const { files, compiledFirmwareLink } = versionOf(unit, unit.targetCommit);
  if (compiledFirmwareLink !== null) return Promise.resolve([]);
  return Promise.all(files.map(async ({ hash, ...file }) => ({ ...file, bytes: await store.blob(hash) })));
};

/** Collects the files of a unit's target version, with the unit's env.json and schema.json. */
export const firmwareOf = async (core: Core, unit: UnitDocument): Promise<readonly ArchiveFile[]> => [
  ...(await programFiles(core.store, unit)),
  toJson('env.json', await envOf(core, unit)),
  toJson('schema.json', schemaOf(core, unit)),
];
