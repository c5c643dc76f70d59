import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startUnits, type RunningUnits } from '../../../app/demo/unit-process.ts';
import { startInstance, type UnitRow } from '../../../app/instance/index.ts';
import type { JsonObject } from '../../../services/json.ts';
import { createFolder, writeFiles, type Files } from '../../support/folder.ts';
import { createOperatorClient, Refused, type OperatorClient, type Target } from './operator.ts';
import { versionFiles, type Version } from './program.ts';

const project = resolve(import.meta.dirname, '../../..');

/** Whom a life is lived on. */
export interface LifeOptions {
  /** @defaultValue an embedded instance that it starts, and stops at the end */
  readonly target?: Target | undefined;
  /** UUIDs of two units that are there already, for an instance that makes none of a folder. @defaultValue it makes its own */
  readonly given?: readonly [writer: string, reader: string] | undefined;
}

/** A unit that lives, under a supervisor. */
export interface LivingUnit {
  readonly uuid: string;
  readonly folder: string;
  /** Whether the life may change its versions and delete it. */
  readonly isOwn: boolean;
  /** UUID of its first node of a type. */
  node(type: 'Input' | 'Output'): string;
  /** Parsed document of its folder. */
  document(name: 'env.json' | 'schema.json'): Promise<Record<string, unknown>>;
  /** How often a version of its program has said so. */
  count(type: string, label?: string): number;
}

/** What the steps of a life have at hand. */
export interface Life {
  readonly operator: OperatorClient;
  readonly units: Map<'writer' | 'reader' | 'compiled', LivingUnit>;
  /** Finds a unit that an earlier step made. */
  unit(name: 'writer' | 'reader' | 'compiled'): LivingUnit;
  /** Writes the files of a version. @returns Their folder, which the instance reads. */
  version(label: string, files: Files): Promise<string>;
  /** Makes a unit (or takes a given one), installs a version in a folder of its own and runs it. */
  start(name: 'writer' | 'reader' | 'compiled', version: Version, env: JsonObject): Promise<LivingUnit>;
  /** Undoes something at the end, the newest first. */
  later(undo: () => unknown): void;
  /**
   * Waits until a check is true.
   *
   * @param act Brings it about; called first, and again now and then: what is sent to a unit while its link is down is lost.
   * @throws With what was waited for.
   */
  eventually(what: string, check: () => Promise<boolean> | boolean, act?: () => Promise<unknown>): Promise<void>;
  /** Undoes all that was made. @throws What could not be undone, after the rest was. */
  clear(): Promise<void>;
}

const effectWithinMs = 90_000;
const pollMs = 300;
const actAgainMs = 20_000;

const waiting =
  (interruption: AbortSignal): Life['eventually'] =>
  async (what, check, act = async () => undefined) => {
    const deadline = performance.now() + effectWithinMs;
    await act();
    let actedMs = performance.now();
    while (!(await check())) {
      if (performance.now() - actedMs > actAgainMs) {
        await act();
        actedMs = performance.now();
      }
      if (interruption.aborted) throw new Error(`${what}: interrupted`);
      if (performance.now() > deadline) throw new Error(`${what}: not within ${effectWithinMs / 1000} s`);
      await pause(pollMs);
    }
  };

const createUndoing = () => {
  const undoing: (() => unknown)[] = [];
  return {
    later: (undo: () => unknown) => void undoing.unshift(undo),
    clear: async () => {
      const failures: unknown[] = [];
      for (const undo of undoing.splice(0)) {
        try {
          await undo();
        } catch (thrown) {
          failures.push(thrown);
        }
      }
      if (failures.length > 0)
        throw new AggregateError(
          failures,
          `not undone: ${failures.map((failure) => (failure as Error).message).join('; ')}`,
        );
    },
  };
};

const embedded = async (later: Life['later']): Promise<Target> => {
  const instance = await startInstance();
  later(() => instance.stop());
  return { url: instance.apiUrl, token: instance.operator.token };
};

/** What a supervised program has printed, by type and label. */
const createHearing = () => {
  const heard: { label?: string; type?: string }[] = [];
  return {
    hear: (line: string) => {
      if (line.startsWith('{')) heard.push(JSON.parse(line) as { label?: string; type?: string });
    },
    count: (type: string, label?: string) =>
      heard.filter((said) => said.type === type && (label === undefined || said.label === label)).length,
  };
};

/**
 * Opens a life: the instance, the operator and an empty folder.
 *
 * @param interruption Ends each wait.
 */
export const openLife = async (
  { target, given }: LifeOptions,
  interruption = new AbortController().signal,
): Promise<Life> => {
  const { later, clear } = createUndoing();
  const eventually = waiting(interruption);
  const { path: root, remove } = await createFolder();
  later(remove);
  await mkdir(join(root, 'node_modules'));
  await symlink(project, join(root, 'node_modules/pepeunit-client'), 'junction');
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  const operator = createOperatorClient(target ?? (await embedded(later)));
  const units: Life['units'] = new Map();
  const existing = { writer: given?.[0], reader: given?.[1], compiled: undefined };
  const version: Life['version'] = async (label, files) => {
    const folder = join(root, 'versions', label);
    await writeFiles(folder, files);
    return folder;
  };
  const create = async (name: string, folder: string, env: JsonObject): Promise<UnitRow> => {
    const row = await operator.createUnit({ name: `life ${name}`, folder, env }).catch((thrown: unknown) => {
      if (!(thrown instanceof Refused) || thrown.status !== 422) throw thrown;
      throw new Error(
        `This instance makes no unit of a folder of this machine; give it two, by --unit and --reader. ${thrown.message}`,
        { cause: thrown },
      );
    });
    later(() => operator.deleteUnit(row.uuid));
    return row;
  };
  const start: Life['start'] = async (name, program, env) => {
    const files = versionFiles(program);
    const uuid = existing[name] ?? (await create(name, await version(program.label, files), env)).uuid;
    const folder = join(root, 'units', name);
    await writeFiles(folder, files);
    await chmod(join(folder, 'main.js'), 0o755);
    await writeFile(join(folder, 'env.json'), JSON.stringify(await operator.env(uuid)), { mode: 0o600 });
    await writeFile(join(folder, 'schema.json'), JSON.stringify(await operator.schema(uuid)));
    const nodes = await operator.nodes(uuid);
    const { hear, count } = createHearing();
    const running: RunningUnits = startUnits([{ name, folder }], {
      onLine: (_, line) => hear(line),
      onEvent: () => undefined,
    });
    later(() => running[Symbol.asyncDispose]());
    const unit: LivingUnit = {
      uuid,
      folder,
      isOwn: existing[name] === undefined,
      node: (type) => {
        const node = nodes.find((candidate) => candidate.type === type);
        if (!node) throw new Error(`the unit ${name} has no ${type}`);
        return node.uuid;
      },
      document: async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>,
      count,
    };
    units.set(name, unit);
    await eventually(`the ${name} is online`, () => {
      running.crashed.throwIfAborted();
      return count('online') > 0;
    });
    return unit;
  };
  return {
    operator,
    units,
    unit: (name) => {
      const unit = units.get(name);
      if (!unit) throw new Error(`there is no ${name}: its step has failed`);
      return unit;
    },
    version,
    start,
    later,
    eventually,
    clear,
  };
};
