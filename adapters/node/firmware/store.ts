import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import type { ArchiveLimits, FirmwareStore } from '../../../services/firmware.ts';
import type { JsonValue } from '../../../services/json.ts';
import { keptPaths } from '../../shared/archive/kept-paths.ts';
import { makeFolder, privateFolder } from '../fs/durable-file.ts';
import { ioError } from '../fs/errors.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { firmwareParts, type FolderFirmwareOptions } from './context.ts';
import type { FirmwarePlaces } from './layout.ts';
import { makePlace, removeAll, setMode } from './steps.ts';
import { swapVersion } from './swap.ts';
import { trialsOf } from './trials.ts';
import { withinFreeSpace } from './free-space.ts';
import { unpackInto } from '../archive/unpack.ts';

const maxJsonBytes = 4 * 1024 * 1024;

/** A place for the unit's versions. */
export interface FolderFirmwareStoreOptions extends FolderFirmwareOptions {
  readonly limits: ArchiveLimits;
  /** Files and folders that no update touches, relative to the unit's folder. @defaultValue `['data']` */
  readonly keeps?: readonly string[];
}

const giveUpOn = async function* (source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
  signal.throwIfAborted();
};

const parse = (bytes: Uint8Array, name: string): JsonValue => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as JsonValue;
  } catch {
    // The parser's own error quotes the text, and with it secrets.
    throw new FirmwareError(
      'malformed',
      `The firmware's ${name} is not JSON. Build the version again on the instance.`,
    );
  }
};

const readJson = async (fs: FileSystem, path: string, name: string): Promise<JsonValue | undefined> => {
  try {
    const stats = await statsOf(fs, path);
    if (!stats) return undefined;
    if (!stats.isFile() || stats.size > maxJsonBytes) {
      throw new FirmwareError('malformed', `The firmware's ${name} is no file of at most ${maxJsonBytes} bytes.`);
    }
    return parse(await fs.readFile(path), name);
  } catch (cause) {
    throw ioError(`The firmware's ${name} can't be read`, cause);
  }
};

/** Makes the client's own folder, for this user alone, and an empty one in it. */
const makeStaging = async (fs: FileSystem, { own, staging }: FirmwarePlaces, id: string): Promise<void> => {
  await makeFolder(own, fs);
  if (!(await fs.lstat(own)).isDirectory()) {
    throw new FirmwareError('io', `${own} has to be a folder, and is a link. Remove it and update again.`);
  }
  await setMode(fs, own, privateFolder);
  await makePlace(fs, staging(id));
};

/** Keeps versions in a private folder inside the unit's own, on the same file system. */
export const folderFirmwareStore = ({
  keeps = ['data'],
  limits,
  ...options
}: FolderFirmwareStoreOptions): FirmwareStore => {
  const parts = firmwareParts(options);
  const { fs, places, staged, inTurn } = parts;
  const discard = async (id: string): Promise<void> => {
    if (!staged.delete(id)) return;
    await removeAll(fs, places.staging(id));
  };
  return {
    ...trialsOf(parts),
    stage: async (archive, signal) => {
      const id = randomUUID();
      staged.add(id);
      try {
        await makeStaging(fs, places, id);
        const { files, bytes } = await withinFreeSpace(fs, places.own, limits, (allowed) =>
          unpackInto(places.staging(id), giveUpOn(archive, signal), allowed, fs),
        );
        return { id, files, bytes };
      } catch (cause) {
        // What went wrong first is what matters.
        await discard(id).catch(() => undefined);
        throw ioError('The firmware could not be staged', cause);
      }
    },
    readJson: async (id, name) => (staged.has(id) ? readJson(fs, join(places.staging(id), name), name) : undefined),
    swap: (id, order) =>
      inTurn('The new version could not be put in place', () =>
        swapVersion(parts, id, order, (brought) => keptPaths(keeps, brought)),
      ),
    discard: (id) => inTurn('The version could not be discarded', () => discard(id)),
  };
};
