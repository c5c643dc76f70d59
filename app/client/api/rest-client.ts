import type { UnitEnv } from '../../../services/env.ts';
import { ClientError, RestError } from '../../../services/errors.ts';
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
   * Downloads a file from anywhere to a file, which is replaced once all of it is there. This unit's token goes to its
   * instance alone, whatever the address and the redirects.
   *
   * @param url Absolute, `https:` or `http:`; an `https:` address is never left for `http:`.
   * @param options Size limit. @defaultValue 256 MiB
   * @example
   * unit.world.http.documents.files['https://example.org/curve.csv'] = new TextEncoder().encode('20,0');
   * await unit.client.restClient.downloadFile('https://example.org/curve.csv', 'curve.csv', { maxBytes: 100_000 });
   */
  downloadFile(url: string | URL, path: string, options?: DownloadOptions): Promise<void>;
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
   * @throws {ClientError} `invalid`: it is no text, or has half of a surrogate pair, which no UTF-8 can carry.
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

/** Options of a download. */
export interface DownloadOptions {
  /** Most bytes to take. @defaultValue 268_435_456 (256 MiB) */
  readonly maxBytes?: number | undefined;
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

const maxFileBytes = 256 * 1024 * 1024;

const addressOf = (url: string | URL): URL => {
  if (url instanceof URL) return url;
  if (URL.canParse(url)) return new URL(url);
  throw new RestError('network', 'The address of the file is none. Give an absolute https address.');
};

/** Extracts a node's UUID: the second segment of a topic, or the text itself. */
const nodeUuidOf = (topic: string): string => topic.split('/')[1] ?? topic;

/** Reads a page given as an object, or as limit and offset. */
const pageOf = (page: Page | number | undefined, offset: number | undefined): Page | undefined =>
  typeof page === 'number' ? { limit: page, ...(offset !== undefined && { offset }) } : page;

/** @throws {ClientError} `invalid` */
const checkState = (state: unknown): void => {
  const fault =
    typeof state !== 'string' ? 'is no text' : /\p{Surrogate}/u.test(state) ? 'is cut within a character' : '';
  if (fault === '') return;
  const advice = 'Store a whole text, such as one of JSON.stringify().';
  throw new ClientError('invalid', `The state ${fault}, and was not sent. ${advice}`);
};

export const createRestClient = (parts: RestClientParts): RestClient => {
  const { rest, storage, env, stopSignal, downloadEnv, downloadSchema } = parts;
  const target = async () => targetOf(await env());
  return {
    downloadUpdate: async (path) => storage.writeBytes(path, await rest.getFirmware(await target(), stopSignal())),
    downloadFile: async (url, path, { maxBytes = maxFileBytes } = {}) =>
      storage.writeBytes(path, await rest.getFile(await target(), addressOf(url), maxBytes, stopSignal())),
    downloadEnv: async (path) => void (await downloadEnv(path)),
    downloadSchema: async (path) => void (await downloadSchema(path)),
    setStateStorage: async (state) => {
      checkState(state);
      await rest.setStateStorage(await target(), state, stopSignal());
    },
    getStateStorage: async () => rest.getStateStorage(await target(), stopSignal()),
    getInputByOutput: async (topic, page, offset) =>
      rest.getInputByOutput(await target(), nodeUuidOf(topic), pageOf(page, offset), stopSignal()),
    getUnitsByNodes: async (nodeUuids, page, offset) =>
      rest.getUnitsByNodes(await target(), nodeUuids, pageOf(page, offset), stopSignal()),
    getTargetVersion: async () => rest.getTargetVersion(await target(), stopSignal()),
  };
};
