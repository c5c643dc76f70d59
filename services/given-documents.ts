import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { Storage } from './storage.ts';

/** The documents that an app can give in place of files. */
export type DocumentName = 'env' | 'schema';

/** Documents that were given, by name. */
export type GivenDocuments = { readonly [K in DocumentName]?: JsonObject };

/** Remembers the documents that were given last, so that a newer one of the instance stays in force until others are given. */
export interface GivenRecord {
  /** The documents, secrets included; none if they can't be read. Never rejects. */
  read(): Promise<GivenDocuments>;
  /** The same at once; absent where the platform can't. Never throws. */
  readNow?(): GivenDocuments;
  /** Replaces the record. @throws {StorageError} */
  write(given: GivenDocuments): Promise<void>;
}

const givenIn = (document: unknown): GivenDocuments => {
  if (!isJsonObject(document) || document['format'] !== 1) return {};
  const { env, schema } = document;
  return { ...(isJsonObject(env) && { env }), ...(isJsonObject(schema) && { schema }) };
};

/**
 * Keeps the record in a document of the storage.
 *
 * @param readJsonNow Reads a JSON file at once, where the platform can.
 * @example
 * import { storedGivenRecord } from 'pepeunit-client/services';
 *
 * const record = storedGivenRecord(unit.world.storage, '.pepeunit/given.json');
 * await record.write({ schema: { input_topic: {} } });
 */
export const storedGivenRecord = (
  storage: Pick<Storage, 'readJson' | 'writeJson'>,
  path: string,
  readJsonNow?: (path: string) => JsonValue,
): GivenRecord => ({
  read: async () => givenIn(await storage.readJson(path).catch(() => undefined)),
  write: (given) => storage.writeJson(path, { format: 1, ...given }),
  ...(readJsonNow && {
    readNow: () => {
      try {
        return givenIn(readJsonNow(path));
      } catch {
        // No record, or a damaged one: nothing is known to have been given.
        return {};
      }
    },
  }),
});
