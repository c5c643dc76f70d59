import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../services/errors.ts';
import {
  outcomeTold,
  swapBegun,
  swapGivenUp,
  type FirmwareJournal,
  type SwapOrder,
} from '../../services/firmware-journal.ts';
import type { ArchiveLimits, FirmwareStore } from '../../services/firmware.ts';
import type { JsonValue } from '../../services/json.ts';
import { keptPaths } from '../shared/kept-paths.ts';
import { makeFolder } from './durable-file.ts';
import { codeOf } from './durable-fs.ts';
import { makePrivateFolder } from './file-tree.ts';
import { finishSwap, giveUpSwap } from './firmware-carry-on.ts';
import { ioError } from './firmware-fs.ts';
import { firmwareParts, type FirmwareParts, type FolderFirmwareOptions } from './firmware-parts.ts';
import { readPlan, writePlan } from './firmware-plan-file.ts';
import { planSwap, type Manifest } from './firmware-plan.ts';
import { removeAll } from './firmware-steps.ts';
import { saveVersion } from './firmware-swap.ts';
import { readTree } from './firmware-tree.ts';
import { trialsOf } from './firmware-trials.ts';
import { unpackInto } from './unpack.ts';

const maxJsonBytes = 4 * 1024 * 1024;

/** A place for the unit's versions. */
export interface FolderFirmwareStoreOptions extends FolderFirmwareOptions {
  readonly limits: ArchiveLimits;
  /** Files and folders that no update touches, relative to the unit's folder. @defaultValue `['data']` */
  readonly keeps?: readonly string[];
}

type KeepsOf = (brought: Iterable<string>) => (path: string) => boolean;

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

/** Prepares a swap as far as nothing changes for the running version. */
const prepareSwap = async (
  parts: FirmwareParts,
  id: string,
  now: FirmwareJournal,
  begun: FirmwareJournal,
  isKept: KeepsOf,
) => {
  const { fs, places, journal } = parts;
  const staged = await readTree(fs, places.staging(id));
  const kept = isKept(staged.keys());
  const live = await readTree(fs, places.folder, kept);
  const plan = planSwap({
    scope: begun.flight?.scope ?? 'everything',
    live,
    staged,
    manifest: await manifestOf(parts, now),
    isKept: kept,
    dev: (await fs.lstat(places.own)).dev,
  });
  await removeAll(fs, places.previous(id));
  await saveVersion(fs, places, id, plan, live);
  await writePlan(fs, places.plan(id), plan);
  await journal.prepareUndo(id, swapGivenUp(begun, 'The update was interrupted.'));
};

/** What the running version consists of; nothing when that can't be read any more, so that nothing is taken for it. */
const manifestOf = async (
  { fs, places }: FirmwareParts,
  { running }: FirmwareJournal,
): Promise<Manifest | undefined> => {
  if (running === undefined) return undefined;
  const plan = await readPlan(fs, places.plan(running)).catch(() => undefined);
  return plan ? plan.manifest : { files: [], folders: [] };
};

const swap = async (parts: FirmwareParts, id: string, order: SwapOrder, isKept: KeepsOf): Promise<void> => {
  const { journal, staged, sweep } = parts;
  if (!staged.has(id)) {
    throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
  }
  const now = await journal.read();
  const begun = swapBegun(now, id, order);
  await prepareSwap(parts, id, now, begun, isKept);
  staged.delete(id);
  try {
    await journal.advance(now, begun);
    await sweep(await finishSwap(parts, begun)).catch(() => undefined);
  } catch (cause) {
    // What went wrong first is what matters; what can't be taken back now is at the next start.
    await takeBack(parts, begun, cause).catch(() => undefined);
    throw cause;
  }
};

const takeBack = async (parts: FirmwareParts, begun: FirmwareJournal, cause: unknown): Promise<void> => {
  const settled = await giveUpSwap(parts, begun, cause);
  await parts.sweep(await parts.journal.advance(settled, outcomeTold(settled)));
};

/** Keeps versions in a private folder inside the unit's own, on the same file system. */
export const folderFirmwareStore = ({
  keeps = ['data'],
  limits,
  ...options
}: FolderFirmwareStoreOptions): FirmwareStore => {
  const parts = firmwareParts(options);
  const { fs, places, staged, inTurn } = parts;
  const isKept: KeepsOf = (brought) => keptPaths(keeps, brought);
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
        await makeFolder(places.own, fs);
        await makePrivateFolder(places.staging(id));
        const { files, bytes } = await unpackInto(places.staging(id), giveUpOn(archive, signal), limits, fs);
        return { id, files, bytes };
      } catch (cause) {
        // What went wrong first is what matters.
        await discard(id).catch(() => undefined);
        throw ioError('The firmware could not be staged', cause);
      }
    },
    readJson: async (id, name) => (staged.has(id) ? readJson(join(places.staging(id), name), name) : undefined),
    swap: (id, order) => inTurn('The new version could not be put in place', () => swap(parts, id, order, isKept)),
    discard,
  };
};
