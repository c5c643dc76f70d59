import { FirmwareError } from '../../services/errors.ts';
import { firstJournal } from '../../services/firmware-journal.ts';
import type { FirmwareJournal, FirmwareScope, TrialFailure, TrialTerms } from '../../services/firmware-journal.ts';
import {
  filesKept,
  outcomeTold,
  rollBackDone,
  statusOf,
  swapBegun,
  swapDone,
  underVersionOf,
  type SwapOrder,
} from '../../services/firmware-transitions.ts';
import {
  rollBackBegun,
  startCounted,
  startFailed,
  trialConfirmed,
  waitEnded,
  waitNoted,
} from '../../services/firmware-trial.ts';
import type { ArchiveLimits, FirmwareStore } from '../../services/firmware.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../services/json.ts';
import { readArchive } from '../shared/archive/archive.ts';
import { exactNames } from '../shared/archive/entry-names.ts';
import { keptPaths } from '../shared/archive/kept-paths.ts';
import { createFailures } from './failures.ts';

/** Files by path. */
type MemoryTree = Map<string, Uint8Array>;

type Operation = Exclude<keyof FirmwareStore, 'status'>;

/** Versions in memory, controlled by a test. */
export interface MemoryFirmwareStore extends FirmwareStore {
  /** The running version. */
  readonly live: MemoryTree;
  /** Staged versions, by id. */
  readonly staged: ReadonlyMap<string, MemoryTree>;
  /** Files that no update had brought and that gave way, by the version that replaced them. */
  readonly kept: ReadonlyMap<string, MemoryTree>;
  /** Swaps so far, in order. */
  readonly swaps: readonly ({ readonly id: string } & SwapOrder)[];
  /** The journal that would be on disk. */
  readonly journal: FirmwareJournal;
  /** Fails the next call of this operation. */
  fail(operation: Operation, error: Error): void;
}

export interface MemoryFirmwareStoreOptions {
  readonly limits: ArchiveLimits;
  readonly live?: Readonly<Record<string, string>>;
  /** Files and folders that updates never touch. @defaultValue `['data', 'log.json']` */
  readonly keeps?: readonly string[];
  /** The wall clock, Unix milliseconds. @defaultValue the host's */
  readonly now?: () => number;
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
    throw new FirmwareError('malformed', `The firmware's ${name} is not JSON. Correct it on the instance.`);
  }
};

const unpack = async (archive: AsyncIterable<Uint8Array>, limits: ArchiveLimits, signal: AbortSignal) => {
  const tree: MemoryTree = new Map();
  for await (const { path, kind, size, content } of readArchive(archive, limits, exactNames)) {
    signal.throwIfAborted();
    if (kind === 'file') tree.set(path, await joined(content, size));
  }
  return tree;
};

const swappedFiles = (tree: MemoryTree, scope: FirmwareScope): MemoryTree =>
  scope === 'envAndSchema'
    ? new Map([...tree].filter(([path]) => path === 'env.json' || path === 'schema.json'))
    : tree;

const documents = ['env.json', 'schema.json'];

const isSame = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && one.length === other.length && one.every((byte, at) => byte === other[at]);

/** The running version, the previous one, and the swap between them. */
const memoryVersions = (live: MemoryTree, keeps: readonly string[]) => {
  /** Paths that updates have brought. */
  let brought: ReadonlySet<string> = new Set();
  let previous = { tree: new Map(live), brought };
  const kept = new Map<string, MemoryTree>();
  const isKept = keptPaths(keeps);
  return {
    kept,
    /** @returns Paths of the replaced files that no update had brought. */
    put: (tree: MemoryTree, { scope, to }: SwapOrder): string[] => {
      previous = { tree: new Map(live), brought };
      const installed = [...swappedFiles(tree, scope)].filter(([path]) => !isKept(path));
      const foreign = installed.flatMap(([path, bytes]) => {
        const old = live.get(path);
        if (!old || brought.has(path) || documents.includes(path) || isSame(old, bytes)) return [];
        return [[path, old] as const];
      });
      if (foreign.length > 0) kept.set(to, new Map(foreign));
      const obsolete = [...brought].filter((path) => !isKept(path) && !documents.includes(path));
      if (scope === 'everything') for (const path of obsolete) live.delete(path);
      for (const [path, bytes] of installed) live.set(path, bytes);
      const paths = installed.map(([path]) => path);
      brought = new Set(scope === 'everything' ? paths : [...brought, ...paths]);
      return foreign.map(([path]) => path);
    },
    /** Gives the previous version another env, under its own version. */
    putPreviousEnv: (env: JsonObject) => {
      const before = previous.tree.get('env.json');
      const document = before && parse(before, 'env.json');
      if (!isJsonObject(document)) return;
      previous.tree.set('env.json', new TextEncoder().encode(JSON.stringify(underVersionOf(document, env))));
    },
    restore: () => {
      live.clear();
      for (const [path, bytes] of previous.tree) live.set(path, bytes);
      ({ brought } = previous);
    },
  };
};

/** The trial operations of a store, on a journal in memory. */
const memoryJournal = (check: (operation: Operation) => void, restore: () => void, now: () => number) => {
  let journal = firstJournal;
  return {
    now: () => journal,
    write: (next: FirmwareJournal) => void (journal = next),
    operations: {
      recover: async () => {
        check('recover');
        return statusOf(journal);
      },
      status: async () => statusOf(journal),
      countStart: async (terms?: Partial<TrialTerms>) => {
        check('countStart');
        journal = startCounted(journal, terms);
        return statusOf(journal);
      },
      noteWait: async (waitedMs: number) => {
        check('noteWait');
        journal = waitNoted(journal, waitedMs);
      },
      endWait: async () => {
        check('endWait');
        journal = waitEnded(journal);
      },
      noteFailure: async (failure: TrialFailure) => {
        check('noteFailure');
        journal = startFailed(journal, failure);
      },
      confirm: async () => {
        check('confirm');
        journal = trialConfirmed(journal);
      },
      rollBack: async (failure: TrialFailure) => {
        check('rollBack');
        if (journal.phase !== 'trial') return;
        restore();
        journal = rollBackDone(rollBackBegun(journal, failure, now()));
      },
      forgetOutcome: async () => {
        check('forgetOutcome');
        journal = outcomeTold(journal);
      },
    },
  };
};

/**
 * Keeps versions in memory; reads archives like the real store, and leaves links out.
 *
 * @example
 * import { defaultArchiveLimits } from 'pepeunit-client/services';
 * import { memoryFirmwareStore } from 'pepeunit-client/testing';
 *
 * const store = memoryFirmwareStore({ limits: defaultArchiveLimits });
 * const { phase } = await store.status(); // 'settled'
 */
export const memoryFirmwareStore = (options: MemoryFirmwareStoreOptions): MemoryFirmwareStore => {
  const encoder = new TextEncoder();
  const live: MemoryTree = new Map(
    Object.entries(options.live ?? {}).map(([path, text]) => [path, encoder.encode(text)] as const),
  );
  const staged = new Map<string, MemoryTree>();
  const swaps: ({ id: string } & SwapOrder)[] = [];
  const planned = createFailures<Operation>();
  const versions = memoryVersions(live, options.keeps ?? ['data', 'log.json']);
  const { now, write, operations } = memoryJournal(planned.check, versions.restore, options.now ?? Date.now);
  let count = 0;
  return {
    live,
    staged,
    kept: versions.kept,
    swaps,
    get journal() {
      return now();
    },
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
    checkProgram: async () => planned.check('checkProgram'),
    swap: async (id, order) => {
      planned.check('swap');
      const tree = staged.get(id);
      if (!tree) throw new FirmwareError('io', 'This version is not staged any more. Download the firmware again.');
      const begun = swapBegun(now(), id, order);
      const paths = versions.put(tree, order);
      write(swapDone(filesKept(begun, `.pepeunit/kept/${order.to}`, paths)));
      staged.delete(id);
      swaps.push({ id, ...order });
    },
    replaceEnv: async (env, put) => {
      planned.check('replaceEnv');
      if (now().flight) versions.putPreviousEnv(env);
      await put();
    },
    discard: async (id) => {
      planned.check('discard');
      staged.delete(id);
    },
    ...operations,
  };
};
