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
  /** Most entries of the page. @defaultValue 10 */
  readonly limit?: number;
  /** Entries to pass over. @defaultValue 0 */
  readonly offset?: number;
}

/** A topic of a unit, as the instance describes it. */
export interface UnitNode {
  /** UUID of the node: the second segment of its topic. */
  readonly uuid: string;
  /** Whether the unit receives messages on it or publishes them. */
  readonly type: 'Input' | 'Output';
  /** Who may see the node. */
  readonly visibility_level: string;
  /** Whether the instance's users may write the Input. */
  readonly is_rewritable_input: boolean;
  /** Most links to other nodes. */
  readonly max_connections: number;
  /** Key of its topic in the schema, such as `input/pepeunit`. */
  readonly topic_name: string;
  /** Payload of its last message. */
  readonly state: string | null;
  /** UUID of its unit. */
  readonly unit_uuid: string;
  /** UUID of the user who created it. */
  readonly creator_uuid: string;
  /** When it was created, ISO 8601. */
  readonly create_datetime: string;
  /** When it changed last, ISO 8601. */
  readonly last_update_datetime: string;
  /** Whether the instance stores its messages. */
  readonly is_data_pipe_active: boolean;
}

/** A unit, as the instance describes it. */
export interface Unit {
  /** UUID of the unit. */
  readonly uuid: string;
  /** Name of the unit. */
  readonly name: string;
  /** Who may see the unit. */
  readonly visibility_level: string;
  /** When it was created, ISO 8601. */
  readonly create_datetime: string;
  /** When it changed last, ISO 8601. */
  readonly last_update_datetime: string;
  /** Whether the unit follows its repository by itself. */
  readonly is_auto_update_from_repo_unit: boolean;
  /** Branch that it follows. */
  readonly repo_branch: string | null;
  /** Commit that it is set to. */
  readonly repo_commit: string | null;
  /** Commit that it runs, as it has reported. */
  readonly current_commit_version: string | null;
  /** Its last state report. */
  readonly unit_state: Readonly<Record<string, unknown>> | null;
  /** How its last update went. */
  readonly firmware_update_status: 'RequestSent' | 'Error' | 'Success' | null;
  /** Why its last update failed. */
  readonly firmware_update_error: string | null;
  /** UUID of the user who created it. */
  readonly creator_uuid: string;
  /** UUID of its repository. */
  readonly repo_uuid: string;
  /** Its Inputs and Outputs. */
  readonly unit_nodes: readonly UnitNode[];
}

/** One page of unit nodes; `count` is the total of all pages. */
export interface UnitNodesPage {
  /** Total of all pages. */
  readonly count: number;
  /** The nodes of this page. */
  readonly unit_nodes: readonly UnitNode[];
}

/** One page of units; `count` is the total of all pages. */
export interface UnitsPage {
  /** Total of all pages. */
  readonly count: number;
  /** The units of this page. */
  readonly units: readonly Unit[];
}

/** The version that the instance wants the unit to run. */
export interface TargetVersion {
  /** Commit of the version. */
  readonly commit: string;
  /** Tag of the commit; `null` for none. */
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
