import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { FirmwareError, StorageError } from '../../../services/errors.ts';
import type { FirmwareStatus, SwapOrder } from '../../../services/firmware-transitions.ts';
import type { ArchiveLimits, FirmwareStore, StagedFirmware } from '../../../services/firmware.ts';
import type { JsonObject, JsonValue } from '../../../services/json.ts';
import { keptPaths } from '../../shared/archive/kept-paths.ts';
import { makeFolder, privateFolder } from '../fs/durable-file.ts';
import { ioError, isMissing } from '../fs/errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { inside } from '../fs/file-tree.ts';
import type { FolderFirmwareOptions } from './context.ts';
import type { FirmwareLayout } from './layout.ts';
import { makePrivateFolder, removeAll, setMode } from './operations.ts';
import { putPreviousEnv } from './previous-env.ts';
import { swapVersion } from './swap.ts';
import { FolderFirmwareTrials } from './trials.ts';
import { readJson } from '../fs/read-json.ts';
import { unpackInto, type UnpackOptions } from '../archive/unpack.ts';

const maxJsonBytes = 4 * 1024 * 1024;

/** Options of the firmware store. */
export interface FolderFirmwareStoreOptions extends FolderFirmwareOptions {
  readonly limits: ArchiveLimits;
  /** Files and folders that updates never touch, relative to the unit's folder. @defaultValue `['data']` */
  readonly keeps?: readonly string[];
  /** Names of the program that runs, relative to the unit's folder; none if it is elsewhere. @defaultValue none */
  readonly programNames?: () => readonly string[];
  /** What names the disk can't hold. @defaultValue found out on the disk */
  readonly rulesOf?: UnpackOptions['rulesOf'];
  /** Checks that the folder is still the one that the unit was started in. @defaultValue not checked */
  readonly checkFolder?: () => Promise<void>;
  /** Called after each recovery; may fail. @defaultValue none */
  readonly onRecovered?: () => Promise<void>;
  /** Called once a version is confirmed; may fail. @defaultValue none */
  readonly onConfirmed?: () => Promise<void>;
}

const abortable = async function* (source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
  signal.throwIfAborted();
};

const readStagedJson = async (fs: FileSystem, path: string, name: string): Promise<JsonValue | undefined> => {
  try {
    return await readJson(path, maxJsonBytes, fs);
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw ioError(`The firmware's ${name} can't be read`, cause);
    throw new FirmwareError(
      'malformed',
      `The firmware's ${name} is not JSON of at most ${maxJsonBytes} bytes. Correct it on the instance.`,
      { cause },
    );
  }
};

/** Whether a path, or what a link there leads to, is a file. */
const isFileAt = async (fs: FileSystem, path: string): Promise<boolean> => {
  try {
    return (await fs.stat(path)).isFile();
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw cause;
  }
};

/** Checks that a staged version has one of these files, if there are any. @throws {FirmwareError} `incomplete` */
const checkHolds = async (fs: FileSystem, staging: string, names: readonly string[]): Promise<void> => {
  const [program] = names;
  if (program === undefined) return;
  for (const name of names) if (await isFileAt(fs, inside(staging, name))) return;
  throw new FirmwareError(
    'incomplete',
    `The firmware lacks ${program}, the program that runs. Commit that file (what a compiler makes as well), or start the unit by one that is in the repository.`,
  );
};

/** Whether a git checkout may hold this name and no version: git's own, which many disks take in any case, and a client's. */
const isNeverUnpacked = (name: string): boolean => name === '.pepeunit' || name.toLowerCase() === '.git';

/** Bytes that an update leaves free on the disk. */
const reservedBytes = 1024 * 1024;

const tooFull = (free: number, cause?: unknown): FirmwareError =>
  new FirmwareError('space', `The firmware needs more than the ${free} bytes that the disk has to spare. Free space.`, {
    cause,
  });

/**
 * Caps the unpacking limits at the free space.
 *
 * @throws {FirmwareError} `space` if the firmware needs more.
 */
const withinFreeSpace = async <T>(
  fs: FileSystem,
  folder: string,
  limits: ArchiveLimits,
  unpack: (limits: ArchiveLimits) => Promise<T>,
): Promise<T> => {
  const { bavail, bsize, blocks } = await fs.statfs(folder);
  const free = Math.max(0, bavail * bsize - reservedBytes);
  // Some file systems report no blocks at all.
  if (blocks === 0 || free >= limits.unpackedBytes) return unpack(limits);
  if (free === 0) throw tooFull(free);
  try {
    return await unpack({ ...limits, unpackedBytes: free });
  } catch (cause) {
    throw cause instanceof FirmwareError && cause.code === 'tooLarge' ? tooFull(free, cause) : cause;
  }
};

/** Creates the client's own folder, for this user alone, and an empty one in it. */
const makeStaging = async (fs: FileSystem, layout: FirmwareLayout, id: string): Promise<void> => {
  const { own } = layout;
  await makeFolder(own, fs);
  if (!(await fs.lstat(own)).isDirectory()) {
    throw new FirmwareError('io', `${own} has to be a folder, and is a link. Remove it and update again.`);
  }
  await setMode(fs, own, privateFolder);
  await makePrivateFolder(fs, layout.staging(id));
};

class FolderFirmwareStore extends FolderFirmwareTrials implements FirmwareStore {
  readonly #options: FolderFirmwareStoreOptions;

  constructor(options: FolderFirmwareStoreOptions) {
    super(options);
    this.#options = options;
  }

  async stage(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StagedFirmware> {
    const { limits, rulesOf, checkFolder } = this.#options;
    const { fs, layout, staged } = this.context;
    await checkFolder?.();
    const id = randomUUID();
    staged.add(id);
    try {
      await makeStaging(fs, layout, id);
      const { files, bytes } = await withinFreeSpace(fs, layout.own, limits, (allowed) =>
        unpackInto(layout.staging(id), abortable(archive, signal), allowed, {
          fs,
          leftOut: isNeverUnpacked,
          ...(rulesOf && { rulesOf }),
        }),
      );
      return { id, files, bytes };
    } catch (cause) {
      // The first failure is the one to report.
      await this.#discard(id).catch(() => undefined);
      throw ioError('The firmware could not be staged', cause);
    }
  }

  async readJson(id: string, name: string): Promise<JsonValue | undefined> {
    const { fs, layout, staged } = this.context;
    return staged.has(id) ? readStagedJson(fs, join(layout.staging(id), name), name) : undefined;
  }

  async checkProgram(id: string): Promise<void> {
    const { fs, layout } = this.context;
    const names = this.#options.programNames?.() ?? [];
    if (!names.some(this.#isKept())) await checkHolds(fs, layout.staging(id), names);
  }

  swap(id: string, order: SwapOrder): Promise<void> {
    return this.context.inTurn('The new version could not be put in place', async () => {
      await this.#options.checkFolder?.();
      await swapVersion(this.context, id, order, this.#isKept());
    });
  }

  replaceEnv(env: JsonObject, write: () => Promise<void>): Promise<void> {
    return this.context.inTurn('The env could not be replaced', async () => {
      await putPreviousEnv(this.context, env);
      await write();
    });
  }

  discard(id: string): Promise<void> {
    return this.context.inTurn('The version could not be discarded', () => this.#discard(id));
  }

  override async recover(): Promise<FirmwareStatus> {
    await this.#options.checkFolder?.();
    const status = await super.recover();
    // The unit starts, whatever becomes of this.
    await this.#options.onRecovered?.().catch(() => undefined);
    return status;
  }

  override async confirm(): Promise<void> {
    await super.confirm();
    // The version is confirmed, whatever becomes of this.
    await this.#options.onConfirmed?.().catch(() => undefined);
  }

  async #discard(id: string): Promise<void> {
    const { fs, layout, staged } = this.context;
    if (!staged.delete(id)) return;
    for (const place of [layout.staging(id), layout.packages(id)]) await removeAll(fs, place);
  }

  #isKept(): (path: string) => boolean {
    return keptPaths(this.#options.keeps ?? ['data']);
  }
}

/** Keeps versions in a private folder inside the unit's own, on the same file system. */
export const folderFirmwareStore = (options: FolderFirmwareStoreOptions): FirmwareStore =>
  new FolderFirmwareStore(options);
