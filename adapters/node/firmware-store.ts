import { randomUUID } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../services/errors.ts';
import type { ArchiveLimits, FirmwareScope, FirmwareStore } from '../../services/firmware.ts';
import type { JsonValue } from '../../services/json.ts';
import { codeOf } from './durable-fs.ts';
import { ioError, listTree, makePrivateFolder, moveOver, unpackInto } from './file-tree.ts';

/** What is put in place after everything else; the version is env.json's to tell, so that comes last. */
const lastFiles = ['schema.json', 'env.json'] as const;
const privateName = '.pepeunit';
const maxJsonBytes = 4 * 1024 * 1024;

const isLast = (name: string): boolean => lastFiles.some((last) => last === name);

/** A place for the unit's versions. */
export interface FolderFirmwareStoreOptions {
  /** The unit's folder: the one that env.json is in. */
  readonly folder: string;
  readonly limits: ArchiveLimits;
}

const giveUpOn = async function* (source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
  signal.throwIfAborted();
};

const parse = (text: string, name: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own error quotes the text, and with it secrets.
    throw new FirmwareError(
      'malformed',
      `The firmware's ${name} is not JSON. Build the version again on the instance.`,
    );
  }
};

const readJson = async (path: string, name: string): Promise<JsonValue | undefined> => {
  try {
    if ((await stat(path)).size > maxJsonBytes) {
      throw new FirmwareError('malformed', `The firmware's ${name} is larger than ${maxJsonBytes} bytes.`);
    }
    return parse(await readFile(path, 'utf8'), name);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw ioError(`The firmware's ${name} can't be read`, cause);
  }
};

const putInPlace = async (staging: string, folder: string, scope: FirmwareScope): Promise<void> => {
  const { folders, files } = await listTree(staging);
  const last = lastFiles.filter((name) => files.includes(name));
  if (scope === 'envAndSchema') return moveOver(staging, folder, [], last);
  await moveOver(staging, folder, folders, [...files.filter((name) => !isLast(name)), ...last]);
};

/** Keeps staged versions in a private folder inside the unit's own, on the same file system. */
export const folderFirmwareStore = ({ folder, limits }: FolderFirmwareStoreOptions): FirmwareStore => {
  const privateFolder = join(folder, privateName);
  const staged = new Set<string>();
  const placeOf = (id: string): string => join(privateFolder, `staging-${id}`);
  const discard = async (id: string): Promise<void> => {
    if (!staged.delete(id)) return;
    await rm(placeOf(id), { recursive: true, force: true });
  };
  return {
    stage: async (archive, signal) => {
      const id = randomUUID();
      staged.add(id);
      try {
        await makePrivateFolder(privateFolder);
        await makePrivateFolder(placeOf(id));
        const { files, bytes } = await unpackInto(placeOf(id), giveUpOn(archive, signal), limits, [privateName]);
        return { id, files, bytes };
      } catch (cause) {
        // What went wrong first is what matters.
        await discard(id).catch(() => undefined);
        throw ioError('The firmware could not be staged', cause);
      }
    },
    readJson: async (id, name) => (staged.has(id) ? readJson(join(placeOf(id), name), name) : undefined),
    swap: async (id, scope) => {
      if (!staged.has(id)) {
        throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
      }
      await putInPlace(placeOf(id), folder, scope);
      await discard(id);
    },
    discard,
  };
};
