import type { UnitEnv } from '../../../services/env.ts';
import {
  targetOf,
  type Page,
  type Rest,
  type TargetVersion,
  type UnitNodesPage,
  type UnitsPage,
} from '../../../services/rest.ts';
import type { Storage } from '../../../services/storage.ts';

/** The instance's REST API, called with this unit's token. Every method throws {@link RestError}. */
export interface RestClient {
  /**
   * Downloads the firmware archive (tar in zlib) to a file.
   *
   * @example
   * await client.restClient.downloadUpdate('update.tgz');
   */
  downloadUpdate(path: string): Promise<void>;
  /**
   * Downloads the env, checks it, and saves it to a file. The settings in force stay.
   *
   * @example
   * await client.restClient.downloadEnv('new-env.json');
   */
  downloadEnv(path: string): Promise<void>;
  /**
   * Downloads the schema, checks it, and saves it to a file. The schema in force stays.
   *
   * @example
   * await client.restClient.downloadSchema('new-schema.json');
   */
  downloadSchema(path: string): Promise<void>;
  /**
   * Stores a text of up to 1,000,000 characters on the instance; `''` clears it.
   *
   * @example
   * await client.restClient.setStateStorage(JSON.stringify({ duty: 40 }));
   */
  setStateStorage(state: string): Promise<void>;
  /**
   * Reads the text that was stored last; `''` when there is none.
   *
   * @example
   * const stored = await client.restClient.getStateStorage();
   */
  getStateStorage(): Promise<string>;
  /**
   * Lists the Input nodes that are linked to an Output node.
   *
   * @param topic Topic or UUID of the Output.
   * @param page Limit and offset, or the limit alone. @defaultValue the first 10
   * @param offset How many to pass over, where `page` is the limit alone.
   * @example
   * const [topic = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
   * const { count, unit_nodes } = await client.restClient.getInputByOutput(topic, { limit: 50 });
   */
  getInputByOutput(topic: string, page?: Page | number, offset?: number): Promise<UnitNodesPage>;
  /**
   * Lists the units that own these nodes. An empty list returns without a request.
   *
   * @param page Limit and offset, or the limit alone. @defaultValue the first 10
   * @param offset How many to pass over, where `page` is the limit alone.
   * @example
   * const [topic = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
   * const [, uuid = ''] = topic.split('/');
   * const { units } = await client.restClient.getUnitsByNodes([uuid]);
   */
  getUnitsByNodes(nodeUuids: readonly string[], page?: Page | number, offset?: number): Promise<UnitsPage>;
  /**
   * Reads the version that the instance wants this unit to run.
   *
   * @example
   * const { commit } = await client.restClient.getTargetVersion();
   */
  getTargetVersion(): Promise<TargetVersion>;
}

export interface RestClientParts {
  readonly rest: Rest;
  readonly storage: Storage;
  /** Returns the env in force, loaded if need be. */
  readonly env: () => Promise<UnitEnv>;
  /** Signal that aborts a call when the unit stops. */
  readonly stopSignal: () => AbortSignal;
  readonly downloadEnv: (path: string) => Promise<unknown>;
  readonly downloadSchema: (path: string) => Promise<unknown>;
}

/** Extracts a node's UUID: the second segment of a topic, or the text itself. */
const nodeUuidOf = (topic: string): string => topic.split('/')[1] ?? topic;

/** Reads a page given as an object, or as limit and offset. */
const pageOf = (page: Page | number | undefined, offset: number | undefined): Page | undefined =>
  typeof page === 'number' ? { limit: page, ...(offset !== undefined && { offset }) } : page;

export const createRestClient = (parts: RestClientParts): RestClient => {
  const { rest, storage, env, stopSignal, downloadEnv, downloadSchema } = parts;
  const target = async () => targetOf(await env());
  return {
    downloadUpdate: async (path) => storage.writeBytes(path, await rest.getFirmware(await target(), stopSignal())),
    downloadEnv: async (path) => void (await downloadEnv(path)),
    downloadSchema: async (path) => void (await downloadSchema(path)),
    setStateStorage: async (state) => rest.setStateStorage(await target(), state, stopSignal()),
    getStateStorage: async () => rest.getStateStorage(await target(), stopSignal()),
    getInputByOutput: async (topic, page, offset) =>
      rest.getInputByOutput(await target(), nodeUuidOf(topic), pageOf(page, offset), stopSignal()),
    getUnitsByNodes: async (nodeUuids, page, offset) =>
      rest.getUnitsByNodes(await target(), nodeUuids, pageOf(page, offset), stopSignal()),
    getTargetVersion: async () => rest.getTargetVersion(await target(), stopSignal()),
  };
};
