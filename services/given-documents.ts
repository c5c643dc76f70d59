import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { Storage } from './storage.ts';

/** The documents that an app can give in place of files. */
export type DocumentName = 'env' | 'schema';

/** Remembers the documents that were given last, so that a newer one of the instance stays in force until others are given. */
export interface GivenRecord {
  /** The document, secrets included; `undefined` if none was given or it can't be read. Never rejects. */
  read(name: DocumentName): Promise<JsonObject | undefined>;
  /** The same at once; absent where the platform can't. Never throws. */
  readNow?(name: DocumentName): JsonObject | undefined;
  /** Replaces the record of a document. @throws {StorageError} */
  write(name: DocumentName, given: JsonObject): Promise<void>;
}

const givenIn = (record: unknown): JsonObject | undefined => {
  if (!isJsonObject(record) || record['format'] !== 1) return undefined;
  const { given } = record;
  return isJsonObject(given) ? given : undefined;
};

/**
 * Keeps the records in documents of the storage.
 *
 * @param pathOf Path of the record of a document.
 * @param readJsonNow Reads a JSON file at once, where the platform can.
 * @example
 * import { storedGivenRecord } from 'pepeunit-client/services';
 *
 * const record = storedGivenRecord(unit.world.storage, (name) => `.pepeunit/given-${name}.json`);
 * await record.write('schema', { input_topic: {} });
 */
export const storedGivenRecord = (
  storage: Pick<Storage, 'readJson' | 'writeJson'>,
  pathOf: (name: DocumentName) => string,
  readJsonNow?: (path: string) => JsonValue,
): GivenRecord => ({
  read: async (name) => givenIn(await storage.readJson(pathOf(name)).catch(() => undefined)),
  write: (name, given) => storage.writeJson(pathOf(name), { format: 1, given }),
  ...(readJsonNow && {
    readNow: (name) => {
      try {
        return givenIn(readJsonNow(pathOf(name)));
      } catch {
        // No record, or a damaged one: nothing is known to have been given.
        return undefined;
      }
    },
  }),
});
