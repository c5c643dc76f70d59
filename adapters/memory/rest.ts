import type { Timers } from '../../services/clock.ts';
import { RestError } from '../../services/errors.ts';
import type { Rest, RestTarget, TargetVersion, Unit, UnitNode } from '../../services/rest.ts';
import { delay } from '../shared/clock.ts';
import { createFailures } from './failures.ts';

/** A method of the REST port. */
type RestCall = keyof Rest;

/** Answers of an instance in memory; a test may change them at any time. */
export interface RestDocuments {
  env: unknown;
  schema: unknown;
  firmware: Uint8Array;
  /** Files by address. */
  files: Record<string, Uint8Array>;
  targetVersion: TargetVersion;
  stateStorage: string;
  /** Input nodes by UUID of their linked Output node. */
  inputsByOutput: Record<string, readonly UnitNode[]>;
  units: readonly Unit[];
}

/** One recorded call. */
interface RecordedCall {
  readonly call: RestCall;
  readonly target: RestTarget;
  /** The arguments between the target and the signal. */
  readonly args: readonly unknown[];
}

/** The REST API of an instance in memory, controlled by a test. */
export interface MemoryRest extends Rest {
  readonly documents: RestDocuments;
  readonly calls: readonly RecordedCall[];
  /** Whether calls reach the instance; those that don't fail with `network`. */
  isReachable: boolean;
  /** Fails the next call of this method; further errors apply to later calls. */
  fail(call: RestCall, error: RestError): void;
  /** Delays every call of this method, on the clock. */
  delay(call: RestCall, ms: number): void;
}

export interface MemoryRestOptions {
  readonly documents?: Partial<RestDocuments>;
  /** Clock of the delays; without one a delayed call waits until it is aborted. */
  readonly clock?: Timers;
}

const aborted = (call: RestCall, cause?: unknown) => new RestError('aborted', `${call}: given up.`, { cause });

/** Waits on the clock; without one, until the call is aborted. */
const pass = async (clock: Timers, call: RestCall, ms: number, signal: AbortSignal | undefined): Promise<void> => {
  try {
    await delay(clock, ms, signal);
  } catch (cause) {
    throw aborted(call, cause);
  }
};

async function* inChunks(
  call: RestCall,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const size = 16_384;
  for (let at = 0; at < bytes.length; at += size) {
    if (signal?.aborted) throw aborted(call, signal.reason);
    yield bytes.slice(at, at + size);
  }
}

/** Timers that never fire. */
const stoppedTimers: Timers = { setTimeout: () => undefined, clearTimeout: () => undefined };

const emptyDocuments = (): RestDocuments => ({
  env: {},
  schema: {},
  firmware: new Uint8Array(),
  files: {},
  targetVersion: { commit: '', tag: null },
  stateStorage: '',
  inputsByOutput: {},
  units: [],
});

/**
 * Creates an instance in memory.
 *
 * @example
 * import { RestError } from 'pepeunit-client';
 * import { memoryRest } from 'pepeunit-client/testing';
 *
 * const rest = memoryRest({ documents: { stateStorage: 'on' } });
 * rest.fail('getEnv', new RestError('timeout', 'No answer.'));
 */
export const memoryRest = ({ documents: given, clock = stoppedTimers }: MemoryRestOptions = {}): MemoryRest => {
  const documents = { ...emptyDocuments(), ...given };
  const calls: RecordedCall[] = [];
  const planned = createFailures<RestCall>();
  const delays = new Map<RestCall, number>();
  const enter = async (call: RestCall, target: RestTarget, signal: AbortSignal | undefined, ...args: unknown[]) => {
    calls.push({ call, target, args });
    if (signal?.aborted) throw aborted(call, signal.reason);
    const ms = delays.get(call);
    if (ms !== undefined) await pass(clock, call, ms, signal);
    if (!rest.isReachable) throw new RestError('network', `${call}: the instance is out of reach. Check the network.`);
    planned.check(call);
  };
  const answer = async <T>(call: RestCall, target: RestTarget, signal: AbortSignal | undefined, read: () => T) => {
    await enter(call, target, signal);
    return structuredClone(read());
  };
  const rest: MemoryRest = {
    documents,
    calls,
    isReachable: true,
    fail: planned.add,
    delay: (call, ms) => void delays.set(call, ms),
    getEnv: (target, signal) => answer('getEnv', target, signal, () => documents.env),
    getSchema: (target, signal) => answer('getSchema', target, signal, () => documents.schema),
    getTargetVersion: (target, signal) => answer('getTargetVersion', target, signal, () => documents.targetVersion),
    getStateStorage: (target, signal) => answer('getStateStorage', target, signal, () => documents.stateStorage),
    requestUpdate: (target, signal) => enter('requestUpdate', target, signal),
    getFirmware: async (target, signal) => {
      await enter('getFirmware', target, signal);
      return inChunks('getFirmware', documents.firmware, signal);
    },
    getFile: async (target, url, maxBytes, signal) => {
      await enter('getFile', target, signal, url.href, maxBytes);
      const file = documents.files[url.href];
      if (!file) throw new RestError('status', `${url.href} is not there.`, { status: 404 });
      if (file.length > maxBytes) throw new RestError('tooLarge', `${url.href} is larger than ${maxBytes} bytes.`);
      return inChunks('getFile', file, signal);
    },
    setStateStorage: async (target, state, signal) => {
      await enter('setStateStorage', target, signal, state);
      documents.stateStorage = state;
    },
    getInputByOutput: async (target, nodeUuid, { limit = 10, offset = 0 } = {}, signal) => {
      await enter('getInputByOutput', target, signal, nodeUuid, { limit, offset });
      const nodes = documents.inputsByOutput[nodeUuid] ?? [];
      return { count: nodes.length, unit_nodes: nodes.slice(offset, offset + limit) };
    },
    getUnitsByNodes: async (target, nodeUuids, { limit = 10, offset = 0 } = {}, signal) => {
      if (nodeUuids.length === 0) return { count: 0, units: [] };
      await enter('getUnitsByNodes', target, signal, [...nodeUuids], { limit, offset });
      const units = documents.units.filter(({ unit_nodes }) => unit_nodes.some(({ uuid }) => nodeUuids.includes(uuid)));
      return { count: units.length, units: units.slice(offset, offset + limit) };
    },
  };
  return rest;
};
