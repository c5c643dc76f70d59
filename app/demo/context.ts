import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../instance/index.ts';
import type { CommandName } from './summary.ts';
import { ClientError } from '../../services/errors.ts';
import type { Unit } from '../../services/rest.ts';
import type { OperatorApi } from './operator-api.ts';
import type { Example, Workspace } from './workspace.ts';

/** A unit of the demo. */
export interface DemoUnit {
  /** Its name in the demo. */
  readonly name: string;
  /** Short description of its work. */
  readonly role: string;
  readonly uuid: string;
  /** Folder with its program and documents. */
  readonly folder: string;
  readonly unit: Unit;
}

/** The two units of the demo. */
export interface DemoUnits {
  readonly fan: DemoUnit;
  readonly display: DemoUnit;
}

/** Seconds between state reports: short, so that an update is soon confirmed. */
const stateIntervalSeconds = 3;

/** Finds the UUID of a unit's node. @throws {ClientError} `invalid` */
export const nodeOf = ({ name, unit }: DemoUnit, type: 'Input' | 'Output', key: string): string => {
  const node = unit.unit_nodes.find((candidate) => candidate.type === type && candidate.topic_name === key);
  if (!node) throw new ClientError('invalid', `The unit ${name} has no ${type} ${key}. Add it to schema_example.json.`);
  return node.uuid;
};

/** Creates both units on the instance and installs their programs. */
export const createUnits = async (workspace: Workspace, operator: OperatorApi): Promise<DemoUnits> => {
  const create = async (name: string, example: Example, role: string): Promise<DemoUnit> => {
    const version = await workspace.version(example, name);
    const unit = await operator.createUnit(name, version, { PU_STATE_SEND_INTERVAL: stateIntervalSeconds });
    const documents = { env: await operator.getEnv(unit.uuid), schema: await operator.getSchema(unit.uuid) };
    return { name, role, uuid: unit.uuid, unit, folder: await workspace.install(version, documents) };
  };
  return {
    fan: await create('fan', 'fan-regulator', 'measures a simulated room and cools it'),
    display: await create('display', 'temperature-display', 'shows the temperature that the fan measures'),
  };
};

/** The instance, the operator and the units that the script's steps use. */
export interface DemoContext {
  readonly instance: Instance;
  readonly operator: OperatorApi;
  readonly workspace: Workspace;
  readonly units: DemoUnits;
}

/** One action of the operator, with a check of its effect. */
export interface Step {
  /** The command whose outcome it decides, if any. */
  readonly command?: CommandName;
  readonly says: string;
  /** Acts, and waits for the effect. @returns A description of the effect. @throws The signal's reason. */
  act(context: DemoContext, signal: AbortSignal): Promise<string>;
}

/** Reads a text file of a unit's folder; `''` for a missing file. */
export const readTextFile = (folder: string, name: string): Promise<string> =>
  readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
