import { FirmwareError } from '../../services/errors.ts';
import type { ArchiveLimits, FirmwareScope, FirmwareStore } from '../../services/firmware.ts';
import type { JsonValue } from '../../services/json.ts';
import { readArchive } from '../shared/archive.ts';
import { failures } from './failures.ts';

/** Files by path. */
type MemoryTree = Map<string, Uint8Array>;

/** Versions in memory, and the handles to steer them. */
export interface MemoryFirmwareStore extends FirmwareStore {
  /** The running version. */
  readonly live: MemoryTree;
  /** Versions that are staged, by id. */
  readonly staged: ReadonlyMap<string, MemoryTree>;
  /** Swaps that were made, in order. */
  readonly swaps: readonly { readonly id: string; readonly scope: FirmwareScope }[];
  /** Fails the next call of this operation. */
  fail(operation: 'stage' | 'readJson' | 'swap' | 'discard', error: Error): void;
}

export interface MemoryFirmwareStoreOptions {
  readonly limits: ArchiveLimits;
  readonly live?: Readonly<Record<string, string>>;
}

const joined = async (content: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of content) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
};

const parse = (bytes: Uint8Array, name: string): JsonValue => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as JsonValue;
  } catch {
    throw new FirmwareError(
      'malformed',
      `The firmware's ${name} is not JSON. Build the version again on the instance.`,
    );
  }
};

const unpack = async (archive: AsyncIterable<Uint8Array>, limits: ArchiveLimits, signal: AbortSignal) => {
  const tree: MemoryTree = new Map();
  for await (const { path, kind, size, content } of readArchive(archive, limits)) {
    signal.throwIfAborted();
    if (kind === 'file') tree.set(path, await joined(content, size));
  }
  return tree;
};

/** Keeps versions in memory; archives are read as the real store reads them. */
export const memoryFirmwareStore = (options: MemoryFirmwareStoreOptions): MemoryFirmwareStore => {
  const encoder = new TextEncoder();
  const live: MemoryTree = new Map(
    Object.entries(options.live ?? {}).map(([path, text]) => [path, encoder.encode(text)] as const),
  );
  const staged = new Map<string, MemoryTree>();
  const swaps: { id: string; scope: FirmwareScope }[] = [];
  const planned = failures<'stage' | 'readJson' | 'swap' | 'discard'>();
  let count = 0;
  return {
    live,
    staged,
    swaps,
    fail: planned.add,
    stage: async (archive, signal) => {
      planned.check('stage');
      const tree = await unpack(archive, options.limits, signal);
      count += 1;
      const id = `version-${count}`;
      staged.set(id, tree);
      return { id, files: tree.size, bytes: [...tree.values()].reduce((sum, { length }) => sum + length, 0) };
    },
    readJson: async (id, name) => {
      planned.check('readJson');
      const bytes = staged.get(id)?.get(name);
      return bytes && parse(bytes, name);
    },
    swap: async (id, scope) => {
      planned.check('swap');
      const tree = staged.get(id);
      if (!tree) throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
      for (const [path, bytes] of tree) {
        if (scope === 'everything' || path === 'env.json' || path === 'schema.json') live.set(path, bytes);
      }
      staged.delete(id);
      swaps.push({ id, scope });
    },
    discard: async (id) => {
      planned.check('discard');
      staged.delete(id);
    },
  };
};
