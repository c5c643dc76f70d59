import type { JsonObject } from '../../../services/json.ts';
import type { LogLevel } from '../../../services/log.ts';

/** Who may see a unit or a node: everyone, every unit and user, or those with a permission. */
export const visibilityLevels = ['Public', 'Internal', 'Private'] as const;
export type VisibilityLevel = (typeof visibilityLevels)[number];

/** One file or symbolic link of a version; the store finds its content, or the link's target, by the hash. */
export interface FileDocument {
  readonly path: string;
  readonly hash: string;
  readonly executable: boolean;
  /** @defaultValue false */
  readonly link?: boolean;
}

/** One version of a unit's program. */
export interface VersionDocument {
  /** Hash of the contents, 40 hex digits. */
  readonly commit: string;
  readonly created: string;
  readonly files: readonly FileDocument[];
  /** `env_example.json` of the version. */
  readonly envExample: JsonObject;
  /** `schema_example.json` of the version. */
  readonly schemaExample: SchemaExample;
  /** URL of the binary, for a compilable unit; its archives hold env.json and schema.json only. */
  readonly compiledFirmwareLink: string | null;
}

/** Topic keys by section. */
export interface SchemaExample {
  readonly input_base_topic: readonly string[];
  readonly output_base_topic: readonly string[];
  readonly input_topic: readonly string[];
  readonly output_topic: readonly string[];
}

/** One developer topic of a unit. */
export interface NodeDocument {
  readonly uuid: string;
  readonly type: 'Input' | 'Output';
  readonly topicName: string;
  readonly visibilityLevel: VisibilityLevel;
  readonly isRewritableInput: boolean;
  readonly maxConnections: number;
  readonly created: string;
  /** For an Input: the Output nodes linked to it, oldest first. */
  readonly sources: readonly EdgeDocument[];
}

/** A link from an Output node to the Input node that lists it. */
interface EdgeDocument {
  readonly uuid: string;
  readonly output: string;
}

/** The last requested update. */
export interface UpdateDocument {
  readonly status: 'RequestSent' | 'Error' | 'Success';
  readonly error: string | null;
  /** Unix milliseconds of the request. */
  readonly requested: number;
}

/** Stored data of one unit. */
export interface UnitDocument {
  readonly uuid: string;
  readonly name: string;
  readonly visibilityLevel: VisibilityLevel;
  readonly created: string;
  readonly updated: string;
  readonly secretKey: string;
  readonly encryptKey: string;
  /** Variables that the operator set; null while no env was ever saved. */
  readonly env: JsonObject | null;
  /** Oldest first. */
  readonly versions: readonly VersionDocument[];
  readonly targetCommit: string;
  readonly currentCommit: string | null;
  readonly state: JsonObject | null;
  readonly update: UpdateDocument | null;
  readonly nodes: readonly NodeDocument[];
}

/** One stored log entry. */
export interface LogDocument {
  /** UUID of the entry. */
  readonly uuid: string;
  /** Level of the entry. */
  readonly level: LogLevel;
  /** Text of the entry. */
  readonly text: string;
  /** When the unit wrote it, ISO 8601. */
  readonly create_datetime: string;
}

/** The last text on a node's topic; null where it was cleared. */
export interface NodeValue {
  readonly text: string | null;
  readonly at: string;
}

/** Secret, operator and ports of an instance; kept so that its units find it again after a restart. */
export interface IdentityDocument {
  readonly secret: string;
  readonly operatorUuid: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly webSocketPort: number;
}
