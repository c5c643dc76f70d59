import type { JsonObject } from '../../../services/json.ts';
import type { TargetVersion } from '../../../services/rest.ts';
import { sendCommand } from './commands.ts';
import type { Core } from './core.ts';
import { envOf, firmwareOf, schemaOf } from './firmware.ts';
import type { Command } from './events.ts';
import type { ArchiveFile } from './archive.ts';
import {
  listLogs,
  listUnits,
  type LogQuery,
  type LogRow,
  type UnitQuery,
  nodeRow,
  unitRow,
  type NodeRow,
  type UnitRow,
} from './rows.ts';
import {
  createEdge,
  deleteEdge,
  requireNode,
  setStateInput,
  updateNode,
  type EdgeRow,
  type NodeChanges,
} from './nodes.ts';
import { addVersion, createUnit, setEnv, type NewUnit, type NewVersion, type VersionRow } from './units.ts';

/**
 * What an operator of an instance can do; the REST routes call the same.
 *
 * Every method throws {@link InstanceError}: `notFound` for a unit, node or version that is not there, `invalid` for
 * what the instance can't take, `io` when it can't be kept.
 */
export interface Operator {
  /** JWT of the operator, for `x-auth-token`. */
  readonly token: string;
  /** Makes a unit from a folder. @returns Its row, with all its nodes. */
  createUnit(unit: NewUnit): Promise<UnitRow>;
  /** Copies a folder as the unit's newest version. */
  addVersion(unit: string, version: NewVersion): Promise<VersionRow>;
  /** A unit's row, with all its nodes. */
  getUnit(unit: string): UnitRow;
  listUnits(query?: Partial<UnitQuery>): { count: number; units: readonly UnitRow[] };
  /** The unit's whole env.json, token included. */
  getEnv(unit: string): Promise<JsonObject>;
  /** Merges variables into the unit's env. */
  setEnv(unit: string, variables: JsonObject): Promise<void>;
  getSchema(unit: string): JsonObject;
  /** The files that the unit's archives hold. */
  getFirmware(unit: string): Promise<readonly ArchiveFile[]>;
  getTargetVersion(unit: string): TargetVersion;
  /** Sends a command. @param commit For `Update`: the version to go to, the newest by default. */
  sendCommand(unit: string, command: Command, commit?: string): Promise<void>;
  /** The unit's log, newest first by default. */
  logList(unit: string, query?: Partial<LogQuery>): { count: number; unit_logs: readonly LogRow[] };
  getNode(node: string): NodeRow;
  updateNode(node: string, changes: NodeChanges): Promise<NodeRow>;
  /** Publishes a text on an Input's topic. */
  setStateInput(node: string, state: string): Promise<NodeRow>;
  /** Links an Output to an Input. */
  createEdge(output: string, input: string): Promise<EdgeRow>;
  deleteEdge(output: string, input: string): Promise<void>;
}

const everyone = { limit: 100, offset: 0 };

/** The operator of an instance. */
export const createOperator = (core: Core, token: string, agent: string): Operator => {
  const { store } = core;
  return {
    token,
    createUnit: (unit) => createUnit(core, unit),
    addVersion: (unit, version) => addVersion(core, unit, version),
    getUnit: (uuid) => {
      const unit = store.unit(uuid);
      return unitRow(store, unit, unit.nodes, Date.now());
    },
    listUnits: (query) =>
      listUnits(
        store,
        { type: 'User', uuid: agent },
        { ...everyone, withNodes: true, nodeUuids: [], orderByName: 'asc', ...query },
      ),
    getEnv: async (uuid) => envOf(core, store.unit(uuid)),
    setEnv: (uuid, variables) => setEnv(core, uuid, variables),
    getSchema: (uuid) => schemaOf(core, store.unit(uuid)),
    getFirmware: async (uuid) => firmwareOf(core, store.unit(uuid)),
    getTargetVersion: (uuid) => ({ commit: store.unit(uuid).targetCommit, tag: null }),
    sendCommand: (uuid, command, commit) => sendCommand(core, uuid, command, commit),
    logList: (uuid, query) =>
      listLogs(store, store.unit(uuid).uuid, { ...everyone, levels: [], order: 'desc', ...query }),
    getNode: (uuid) => {
      const { unit, node } = requireNode(store, uuid);
      return nodeRow(store, unit, node);
    },
    updateNode: (uuid, changes) => updateNode(core, uuid, changes),
    setStateInput: (uuid, state) => setStateInput(core, uuid, state),
    createEdge: (output, input) => createEdge(core, output, input),
    deleteEdge: (output, input) => deleteEdge(core, output, input),
  };
};
