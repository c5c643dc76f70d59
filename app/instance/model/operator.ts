import type { JsonObject } from '../../../services/json.ts';
import type { TargetVersion } from '../../../services/rest.ts';
import { sendCommand } from './commands.ts';
import type { Core } from './core.ts';
import { envOf, firmwareOf, schemaOf } from './firmware.ts';
import type { Command } from './events.ts';
import type { ArchiveFile } from './archive.ts';
import {
  everyUnit,
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
import {
  addVersion,
  createUnit,
  deleteUnit,
  resetEnv,
  setEnv,
  type NewUnit,
  type NewVersion,
  type VersionRow,
} from './units.ts';

/**
 * Operations of an instance's operator; the REST routes call the same ones.
 *
 * Every method throws {@link InstanceError}: `notFound` for an unknown unit, node or version, `invalid` for an argument
 * that the instance refuses, `io` when data can't be written.
 */
export interface Operator {
  /**
   * The operator's JWT, for the header `x-auth-token`.
   *
   * @example
   * const headers = { 'x-auth-token': instance.operator.token };
   */
  readonly token: string;
  /**
   * Creates a unit from a folder with env_example.json and schema_example.json.
   *
   * @returns Its row, with all its nodes.
   * @example
   * const fan = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   */
  createUnit(unit: NewUnit): Promise<UnitRow>;
  /**
   * Copies a folder as the unit's newest version. The unit gets it with the next `Update`.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const { commit } = await instance.operator.addVersion(uuid, { folder: 'fan' });
   */
  addVersion(unit: string, version: NewVersion): Promise<VersionRow>;
  /**
   * Reads a unit's row, with all its nodes.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const { unit_state: state } = instance.operator.getUnit(uuid);
   */
  getUnit(unit: string): UnitRow;
  /**
   * Lists the rows of units by name; by default the first 100, with their nodes.
   *
   * @example
   * const { count, units } = instance.operator.listUnits({ limit: 10 });
   */
  listUnits(query?: Partial<UnitQuery>): { count: number; units: readonly UnitRow[] };
  /**
   * Builds the unit's whole env.json, token included.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const env = await instance.operator.getEnv(uuid);
   */
  getEnv(unit: string): Promise<JsonObject>;
  /**
   * Merges variables into the unit's env; drops those that its version does not list. The unit gets them with the next
   * `EnvUpdate`.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * await instance.operator.setEnv(uuid, { PU_STATE_SEND_INTERVAL: 60 });
   */
  setEnv(unit: string, variables: JsonObject): Promise<void>;
  /**
   * Forgets the variables that were set; until the next `setEnv` each env has new keys. The unit gets it with the next
   * `EnvUpdate`.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * await instance.operator.resetEnv(uuid);
   */
  resetEnv(unit: string): Promise<void>;
  /**
   * Deletes a unit with its nodes, log and storage.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * await instance.operator.deleteUnit(uuid);
   */
  deleteUnit(unit: string): Promise<void>;
  /**
   * Builds the unit's schema.json.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const schema = instance.operator.getSchema(uuid);
   */
  getSchema(unit: string): JsonObject;
  /**
   * Collects the files of the unit's archives.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const files = await instance.operator.getFirmware(uuid);
   */
  getFirmware(unit: string): Promise<readonly ArchiveFile[]>;
  /**
   * Reads the version that the unit should run.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const { commit } = instance.operator.getTargetVersion(uuid);
   */
  getTargetVersion(unit: string): TargetVersion;
  /**
   * Sends a command on its base topic, if the unit's schema lists it. It does not wait for an effect.
   *
   * @param commit Version for `Update`. @defaultValue the newest
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * await instance.operator.sendCommand(uuid, 'EnvUpdate');
   */
  sendCommand(unit: string, command: Command, commit?: string): Promise<void>;
  /**
   * Lists the unit's log; by default the newest 100 entries, newest first.
   *
   * @example
   * const { uuid } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const { unit_logs: entries } = instance.operator.logList(uuid, { levels: ['Error', 'Critical'] });
   */
  logList(unit: string, query?: Partial<LogQuery>): { count: number; unit_logs: readonly LogRow[] };
  /**
   * Reads a node's row.
   *
   * @example
   * const { unit_nodes } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const [node] = unit_nodes;
   * if (node) console.log(instance.operator.getNode(node.uuid).state);
   */
  getNode(node: string): NodeRow;
  /**
   * Changes a node's settings.
   *
   * @returns Its new row.
   * @example
   * const { unit_nodes } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const [node] = unit_nodes;
   * if (node) await instance.operator.updateNode(node.uuid, { visibility_level: 'Private' });
   */
  updateNode(node: string, changes: NodeChanges): Promise<NodeRow>;
  /**
   * Publishes a text on an Input's topic; null clears the node's value and publishes nothing.
   *
   * @returns The node's new row.
   * @example
   * const { unit_nodes } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const input = unit_nodes.find(({ type }) => type === 'Input');
   * if (input) await instance.operator.setStateInput(input.uuid, 'on');
   */
  setStateInput(node: string, state: string | null): Promise<NodeRow>;
  /**
   * Links an Output to an Input, whose unit gets a `SchemaUpdate`.
   *
   * @example
   * const { unit_nodes } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const output = unit_nodes.find(({ type }) => type === 'Output');
   * const input = unit_nodes.find(({ type }) => type === 'Input');
   * if (output && input) await instance.operator.createEdge(output.uuid, input.uuid);
   */
  createEdge(output: string, input: string): Promise<EdgeRow>;
  /**
   * Removes a link; the Input's unit gets a `SchemaUpdate`.
   *
   * @example
   * const { unit_nodes } = await instance.operator.createUnit({ name: 'fan', folder: 'fan' });
   * const output = unit_nodes.find(({ type }) => type === 'Output');
   * const input = unit_nodes.find(({ type }) => type === 'Input');
   * if (output && input) {
   *   await instance.operator.createEdge(output.uuid, input.uuid);
   *   await instance.operator.deleteEdge(output.uuid, input.uuid);
   * }
   */
  deleteEdge(output: string, input: string): Promise<void>;
}

const defaultPage = { limit: 100, offset: 0 };

/** @param agent UUID of the operator. */
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
    listUnits: (query) => listUnits(store, { type: 'User', uuid: agent }, { ...defaultPage, ...everyUnit, ...query }),
    getEnv: async (uuid) => envOf(core, store.unit(uuid)),
    setEnv: (uuid, variables) => setEnv(core, uuid, variables),
    resetEnv: (uuid) => resetEnv(core, uuid),
    deleteUnit: (uuid) => deleteUnit(core, uuid),
    getSchema: (uuid) => schemaOf(core, store.unit(uuid)),
    getFirmware: async (uuid) => firmwareOf(core, store.unit(uuid)),
    getTargetVersion: (uuid) => ({ commit: store.unit(uuid).targetCommit, tag: null }),
    sendCommand: (uuid, command, commit) => sendCommand(core, uuid, command, commit),
    logList: (uuid, query) =>
      listLogs(store, store.unit(uuid).uuid, { ...defaultPage, levels: [], order: 'desc', ...query }),
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
