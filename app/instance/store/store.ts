import type { IdentityDocument, LogDocument, NodeDocument, NodeValue, UnitDocument } from './documents.ts';
import { type Disk, coalesced } from './disk.ts';
import { InstanceError, notFound } from '../errors.ts';
import { createLogBook, type LogBook } from './log-book.ts';

/**
 * All data of an instance. Reads come from memory. A write takes effect at once (a log's once it is written), and is
 * durable when its promise resolves.
 */
export interface Store {
  readonly identity: IdentityDocument | undefined;
  keepIdentity(identity: IdentityDocument): Promise<void>;
  /** Oldest first. */
  units(): UnitDocument[];
  /** @throws {InstanceError} `notFound` */
  unit(uuid: string): UnitDocument;
  hasUnit(uuid: string): boolean;
  putUnit(unit: UnitDocument): Promise<void>;
  /** Removes a unit with its log and its state storage. */
  removeUnit(uuid: string): Promise<void>;
  /** Finds a node and its unit. */
  node(uuid: string): { unit: UnitDocument; node: NodeDocument } | undefined;
  putBlob(hash: string, bytes: Uint8Array): Promise<void>;
  blob(hash: string): Promise<Uint8Array>;
  stateStorage(unit: string): Promise<string>;
  putStateStorage(unit: string, text: string): Promise<void>;
  value(node: string): NodeValue | undefined;
  /** Takes effect at once, and is durable within a second. */
  putValue(node: string, value: NodeValue): void;
  logs(unit: string): readonly LogDocument[];
  appendLogs(unit: string, entries: readonly LogDocument[]): Promise<void>;
  clearLogs(unit: string): Promise<void>;
  /** Writes pending data, and stops the timer. */
  close(): Promise<void>;
}

const decoder = new TextDecoder();

const readJson = async <T>(disk: Disk, name: string): Promise<T | undefined> => {
  const bytes = await disk.read(name);
  try {
    return bytes === undefined ? undefined : (JSON.parse(decoder.decode(bytes)) as T);
  } catch (cause) {
    throw new InstanceError(
      'io',
      `${name} of the instance's data is not JSON. Restore it, or start with an empty folder.`,
      {
        cause,
      },
    );
  }
};

const readUnits = async (disk: Disk): Promise<Map<string, UnitDocument>> => {
  const names = await disk.list('units');
  const documents = await Promise.all(names.map((name) => readJson<UnitDocument>(disk, name)));
  const units = documents.filter((unit) => unit !== undefined);
  return new Map(units.toSorted((a, b) => a.created.localeCompare(b.created)).map((unit) => [unit.uuid, unit]));
};

/** Writes the last values of nodes, at most once a second. */
const valueWriter = (disk: Disk, values: ReadonlyMap<string, NodeValue>, onError: (thrown: unknown) => void) => {
  let timer: NodeJS.Timeout | undefined;
  const write = coalesced(() => disk.replace('values.json', JSON.stringify([...values])));
  return {
    later: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        write().catch(onError);
      }, 1000);
    },
    close: async () => {
      if (!timer) return;
      clearTimeout(timer);
      timer = undefined;
      await write();
    },
  };
};

/** Loads the unit documents; finds them by unit and by node, and writes them in order. */
const loadUnits = async (disk: Disk) => {
  const units = await readUnits(disk);
  const owners = new Map<string, string>();
  const writers = new Map<string, () => Promise<void>>();
  const own = (unit: UnitDocument) => unit.nodes.forEach((node) => owners.set(node.uuid, unit.uuid));
  units.forEach(own);
  const writer = (uuid: string) => {
    const write = coalesced(() => disk.replace(`units/${uuid}.json`, JSON.stringify(units.get(uuid))));
    writers.set(uuid, write);
    return write;
  };
  const node: Store['node'] = (uuid) => {
    const unit = units.get(owners.get(uuid) ?? '');
    const found = unit?.nodes.find((candidate) => candidate.uuid === uuid);
    return unit && found ? { unit, node: found } : undefined;
  };
  return {
    units: () => [...units.values()],
    hasUnit: (uuid: string) => units.has(uuid),
    unit: (uuid: string) => {
      const unit = units.get(uuid);
      if (!unit) throw notFound(`There is no unit ${uuid}. Create it first.`);
      return unit;
    },
    putUnit: (unit: UnitDocument) => {
      units.get(unit.uuid)?.nodes.forEach((gone) => owners.delete(gone.uuid));
      units.set(unit.uuid, unit);
      own(unit);
      return (writers.get(unit.uuid) ?? writer(unit.uuid))();
    },
    removeUnit: async (uuid: string) => {
      // A write under way would bring the document back.
      await writers.get(uuid)?.();
      units.get(uuid)?.nodes.forEach((gone) => owners.delete(gone.uuid));
      units.delete(uuid);
      writers.delete(uuid);
      await disk.remove(`units/${uuid}.json`);
    },
    node,
  };
};

const openLogs = (disk: Disk) => {
  const books = new Map<string, LogBook>();
  const book = (unit: string): LogBook => {
    const known = books.get(unit) ?? createLogBook(disk, `logs/${unit}.ndjson`);
    books.set(unit, known);
    return known;
  };
  return {
    load: (units: readonly UnitDocument[]) => Promise.all(units.map((unit) => book(unit.uuid).load())),
    logs: (unit: string) => book(unit).entries,
    appendLogs: (unit: string, entries: readonly LogDocument[]) => book(unit).append(entries),
    clearLogs: (unit: string) => book(unit).clear(),
  };
};

/** Tracks writes until they end, successfully or not. */
const pendingWrites = () => {
  const pending = new Set<Promise<void>>();
  return {
    track: (write: Promise<void>): Promise<void> => {
      const forget = () => void pending.delete(write);
      pending.add(write);
      write.then(forget, forget);
      return write;
    },
    ended: async () => void (await Promise.allSettled(pending)),
  };
};

/** Loads all data of a disk. @param onError Callback for failures of writes that nobody awaits. */
export const openStore = async (disk: Disk, onError: (thrown: unknown) => void): Promise<Store> => {
  let identity = await readJson<IdentityDocument>(disk, 'instance.json');
  const units = await loadUnits(disk);
  const values = new Map(await readJson<[string, NodeValue][]>(disk, 'values.json'));
  const valuesOnDisk = valueWriter(disk, values, onError);
  const { load, ...logs } = openLogs(disk);
  const { track, ended } = pendingWrites();
  await load(units.units());
  return {
    get identity() {
      return identity;
    },
    keepIdentity: (next) => {
      identity = next;
      return disk.replace('instance.json', JSON.stringify(next));
    },
    ...units,
    ...logs,
    putUnit: (unit) => track(units.putUnit(unit)),
    removeUnit: async (uuid) => {
      await track(logs.clearLogs(uuid));
      await disk.remove(`storage/${uuid}.json`);
      await track(units.removeUnit(uuid));
    },
    appendLogs: (unit, entries) => track(logs.appendLogs(unit, entries)),
    clearLogs: (unit) => track(logs.clearLogs(unit)),
    putBlob: async (hash, bytes) => {
      if ((await disk.read(`blobs/${hash}`)) === undefined) await disk.replace(`blobs/${hash}`, bytes);
    },
    blob: async (hash) => {
      const bytes = await disk.read(`blobs/${hash}`);
      if (bytes === undefined) throw notFound(`The file ${hash} is missing. Add the version of the folder again.`);
      return bytes;
    },
    stateStorage: async (unit) => (await readJson<string>(disk, `storage/${unit}.json`)) ?? '',
    putStateStorage: (unit, text) => disk.replace(`storage/${unit}.json`, JSON.stringify(text)),
    value: (node) => values.get(node),
    putValue: (node, value) => {
      values.set(node, value);
      valuesOnDisk.later();
    },
    close: async () => {
      await ended();
      await valuesOnDisk.close();
    },
  };
};
