import type { UnitEnv } from './env.ts';

/** The instance to ask, and the unit to ask as. */
export interface RestTarget {
  /** `https://host[:port]/prefix/api/v1`, without a slash at the end. */
  readonly baseUrl: string;
  readonly unitUuid: string;
  /** Sent as `x-auth-token`, only to the origin of `baseUrl`. */
  readonly token: string;
}

/**
 * The REST target of an env.
 *
 * @example
 * import { readEnv, targetOf } from 'pepeunit-client/services';
 *
 * const target = targetOf(await readEnv(unit.world.storage, 'env.json'));
 * const { commit } = await unit.world.http.getTargetVersion(target);
 */
export const targetOf = ({ reserved, unitUuid }: UnitEnv): RestTarget => ({
  baseUrl: `${reserved.PU_HTTP_TYPE}://${reserved.PU_DOMAIN}${reserved.PU_APP_PREFIX}${reserved.PU_API_ACTUAL_PREFIX}`,
  unitUuid,
  token: reserved.PU_AUTH_TOKEN,
});

/** A page of a list. */
export interface Page {
  /** @defaultValue 10 */
  readonly limit?: number;
  /** @defaultValue 0 */
  readonly offset?: number;
}

/** A topic of a unit, as the instance describes it. */
export interface UnitNode {
  readonly uuid: string;
  readonly type: 'Input' | 'Output';
  readonly visibility_level: string;
  readonly is_rewritable_input: boolean;
  readonly max_connections: number;
  readonly topic_name: string;
  readonly state: string | null;
  readonly unit_uuid: string;
  readonly creator_uuid: string;
  readonly create_datetime: string;
  readonly last_update_datetime: string;
  readonly is_data_pipe_active: boolean;
}

/** A unit, as the instance describes it. */
export interface Unit {
  readonly uuid: string;
  readonly name: string;
  readonly visibility_level: string;
  readonly create_datetime: string;
  readonly last_update_datetime: string;
  readonly is_auto_update_from_repo_unit: boolean;
  readonly repo_branch: string | null;
  readonly repo_commit: string | null;
  readonly current_commit_version: string | null;
  readonly unit_state: Readonly<Record<string, unknown>> | null;
  readonly firmware_update_status: 'RequestSent' | 'Error' | 'Success' | null;
  readonly firmware_update_error: string | null;
  readonly creator_uuid: string;
  readonly repo_uuid: string;
  readonly unit_nodes: readonly UnitNode[];
}

/** One page of unit nodes; `count` is the total of all pages. */
export interface UnitNodesPage {
  readonly count: number;
  readonly unit_nodes: readonly UnitNode[];
}

/** One page of units; `count` is the total of all pages. */
export interface UnitsPage {
  readonly count: number;
  readonly units: readonly Unit[];
}

/** The version that the instance wants the unit to run. */
export interface TargetVersion {
  readonly commit: string;
  readonly tag: string | null;
}

/**
 * The instance's REST API for units. Each call is one request, bounded in time and size. It is not retried, but for a GET
 * whose connection broke before an answer came: that is sent once more.
 *
 * Every method throws {@link RestError}: `status` for an answer other than 2xx, `redirect` for a redirect to another
 * origin (the token is never sent there), `malformed` for a body of the wrong shape, `tooLarge`, `timeout`, `network`,
 * `aborted`.
 */
export interface Rest {
  /** `GET /units/env/{unit}`. @returns The document, an object, otherwise unchecked. */
  getEnv(target: RestTarget, signal?: AbortSignal): Promise<unknown>;
  /** `GET /units/get_current_schema/{unit}`. @returns The document, an object, otherwise unchecked. */
  getSchema(target: RestTarget, signal?: AbortSignal): Promise<unknown>;
  /**
   * `GET /units/firmware/tgz/{unit}?wbits=9&level=9`.
   *
   * @returns The archive's bytes as they come; fails if cut short.
   */
  getFirmware(target: RestTarget, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Gets a file from anywhere. The token is sent to the instance's own origin alone, and so is no redirect from there
   * followed elsewhere; an `https:` address is never left for `http:`.
   *
   * @param url Absolute, `https:` or `http:`.
   * @returns The file's bytes as they come; fails if cut short, or with `tooLarge` above `maxBytes`.
   */
  getFile(target: RestTarget, url: URL, maxBytes: number, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** `GET /units/get_target_version/{unit}` */
  getTargetVersion(target: RestTarget, signal?: AbortSignal): Promise<TargetVersion>;
  /** `POST /units/send_command_to_input_base_topic/{unit}?command=Update`: asks for the command of the target version. */
  requestUpdate(target: RestTarget, signal?: AbortSignal): Promise<void>;
  /** `POST /units/set_state_storage/{unit}` */
  setStateStorage(target: RestTarget, state: string, signal?: AbortSignal): Promise<void>;
  /** `GET /units/get_state_storage/{unit}`. @returns The stored text, unchanged. */
  getStateStorage(target: RestTarget, signal?: AbortSignal): Promise<string>;
  /** `GET /unit_nodes?…output_uuid={node}`: the Input nodes linked to an Output node. */
  getInputByOutput(target: RestTarget, nodeUuid: string, page?: Page, signal?: AbortSignal): Promise<UnitNodesPage>;
  /** `GET /units?…unit_node_uuids=…`: the units that own these nodes. */
  getUnitsByNodes(
    target: RestTarget,
    nodeUuids: readonly string[],
    page?: Page,
    signal?: AbortSignal,
  ): Promise<UnitsPage>;
}

/** What a question to the instance needs. */
export interface RestServices {
  readonly http: Rest;
  /** The env in force: where to ask, and as which unit. */
  readonly env: () => Promise<UnitEnv>;
}
