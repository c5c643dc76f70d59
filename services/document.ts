import { StorageError } from './errors.ts';
import type { JsonValue } from './json.ts';
import type { Storage } from './storage.ts';

type DocumentErrorClass = new (code: 'missing' | 'malformed' | 'io', message: string, options?: ErrorOptions) => Error;

/**
 * Reads a document that the unit can't do without.
 *
 * @param what What to ask the instance for when it is lost: `env` or `schema`.
 * @throws `DocumentError` with code `missing`, `malformed` or `io`
 */
export const readDocument = async (
  storage: Storage,
  path: string,
  what: 'env' | 'schema',
  DocumentError: DocumentErrorClass,
): Promise<JsonValue> => {
  let document: JsonValue | undefined;
  try {
    document = await storage.readJson(path);
  } catch (cause) {
    const isMalformed = cause instanceof StorageError && cause.code === 'malformed';
    throw isMalformed
      ? new DocumentError('malformed', `${path} is not JSON. Download the ${what} from the instance again.`, { cause })
      : new DocumentError('io', `${path} can't be read. Check the disk and the file's permissions.`, { cause });
  }
  if (document === undefined) {
    throw new DocumentError('missing', `${path} does not exist. Download the unit's ${what} from the instance.`);
  }
  return document;
};
