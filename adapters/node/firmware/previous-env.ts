import { FirmwareError, StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { underVersionOf } from '../../../services/firmware-transitions.ts';
import { jsonText, maxDocumentBytes } from '../../shared/storage/json-text.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { storageError } from '../fs/errors.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { inside } from '../fs/file-tree.ts';
import { readJson } from '../fs/read-json.ts';
import type { FirmwareContext } from './context.ts';
import type { JournalFile } from './journal-file.ts';

/** The env.json of the previous version; `undefined` if there is none, or it is no document. */
const readPrevious = async (fs: FileSystem, path: string): Promise<JsonObject | undefined> => {
  if (!(await statsOf(fs, path))?.isFile()) return undefined;
  const found = await readJson(path, maxDocumentBytes, fs).catch((thrown: unknown) => {
    if (thrown instanceof StorageError && thrown.code !== 'io') return undefined;
    throw thrown;
  });
  return isJsonObject(found) ? found : undefined;
};

/** Id of the version that a rollback would restore; `undefined` if none would, or the journal is damaged. */
const previousId = async (journal: JournalFile): Promise<string | undefined> => {
  try {
    return (await journal.read()).flight?.id;
  } catch (thrown) {
    if (thrown instanceof FirmwareError) return undefined;
    throw thrown;
  }
};

/**
 * Gives an env to the version that a rollback would restore, under its own version; does nothing if there is none.
 *
 * @throws {StorageError} `io`
 */
export const putPreviousEnv = async (
  { fs, layout, journal }: Pick<FirmwareContext, 'fs' | 'layout' | 'journal'>,
  env: JsonObject,
): Promise<void> => {
  try {
    const id = await previousId(journal);
    if (id === undefined) return;
    const path = inside(layout.previous(id), 'env.json');
    const before = await readPrevious(fs, path);
    if (before) await replaceFile(path, `${jsonText(underVersionOf(before, env), '  ')}\n`, { fs });
  } catch (cause) {
    throw storageError("The previous version's env.json", 'written', cause);
  }
};
