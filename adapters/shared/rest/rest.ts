import type { Page, Rest, RestTarget } from '../../../services/rest.ts';
import { getArchive, getFile, getJson, postJson, type RequestContext } from './exchange.ts';
import { asDocument, asNodes, asTargetVersion, asText, asUnits } from './responses.ts';

/** Options of the REST adapter. */
export interface KyRestOptions {
  /** Time limit of a whole call, and of each pause in a firmware download. @defaultValue 30_000 */
  readonly timeoutMs?: number;
  /** Size limit of a JSON answer, bytes. @defaultValue 4 MiB */
  readonly maxBytes?: number;
  /** Size limit of a state storage answer, bytes; escapes may take six bytes per character. @defaultValue 8 MiB */
  readonly maxStateBytes?: number;
  /** @defaultValue the host's own */
  readonly fetch?: typeof fetch;
}

const mebibyte = 1024 * 1024;

const pageQuery = ({ limit = 10, offset = 0 }: Page = {}): string => `limit=${limit}&offset=${offset}`;

const nodesPath = (nodeUuid: string, page?: Page): string =>
  `/unit_nodes?order_by_create_date=desc&output_uuid=${encodeURIComponent(nodeUuid)}&${pageQuery(page)}`;

const unitsPath = (nodeUuids: readonly string[], page?: Page): string =>
  [
    '/units?is_include_output_unit_nodes=true&order_by_unit_name=asc&order_by_create_date=desc&order_by_last_update=desc',
    pageQuery(page),
    ...nodeUuids.map((uuid) => `unit_node_uuids=${encodeURIComponent(uuid)}`),
  ].join('&');

/** The REST API over HTTP; each answer is bounded in time and size. */
export const kyRest = (options: KyRestOptions = {}): Rest => {
  const { timeoutMs = 30_000, maxBytes = 4 * mebibyte, maxStateBytes = 8 * mebibyte, fetch: fetcher } = options;
  const as = (target: RestTarget, signal: AbortSignal | undefined): RequestContext => ({
    fetcher,
    timeoutMs,
    target,
    signal,
  });
  return {
    getEnv: (target, signal) => getJson(as(target, signal), `/units/env/${target.unitUuid}`, maxBytes, asDocument),
    getSchema: (target, signal) =>
      getJson(as(target, signal), `/units/get_current_schema/${target.unitUuid}`, maxBytes, asDocument),
    getFirmware: (target, signal) =>
      getArchive(as(target, signal), `/units/firmware/tgz/${target.unitUuid}?wbits=9&level=9`),
    getFile: (target, url, fileBytes, signal) => getFile(as(target, signal), url, fileBytes),
    getTargetVersion: (target, signal) =>
      getJson(as(target, signal), `/units/get_target_version/${target.unitUuid}`, maxBytes, asTargetVersion),
    requestUpdate: (target, signal) =>
      postJson(as(target, signal), `/units/send_command_to_input_base_topic/${target.unitUuid}?command=Update`, {}),
    setStateStorage: (target, state, signal) =>
      postJson(as(target, signal), `/units/set_state_storage/${target.unitUuid}`, { state }),
    getStateStorage: (target, signal) =>
      getJson(as(target, signal), `/units/get_state_storage/${target.unitUuid}`, maxStateBytes, asText),
    getInputByOutput: (target, nodeUuid, page, signal) =>
      getJson(as(target, signal), nodesPath(nodeUuid, page), maxBytes, asNodes),
    getUnitsByNodes: async (target, nodeUuids, page, signal) =>
      nodeUuids.length === 0
        ? { count: 0, units: [] }
        : getJson(as(target, signal), unitsPath(nodeUuids, page), maxBytes, asUnits),
  };
};
