import { ClientError } from '../../services/errors.ts';
import type { Unit } from '../../services/rest.ts';
import type { OperatorApi } from './operator-api.ts';
import type { Example, Stage } from './stage.ts';

/** A unit of the demo. */
export interface Member {
  /** What the demo calls it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly role: string;
  readonly uuid: string;
  /** The folder that it lives in. */
  readonly folder: string;
  readonly unit: Unit;
}

/** The two units of the demo. */
export interface Cast {
  readonly fan: Member;
  readonly display: Member;
}

/** Seconds between state reports: short, so that an update is confirmed while one watches. */
const stateIntervalSeconds = 3;

/** The UUID of a node of a unit. @throws {ClientError} `invalid` */
export const nodeOf = ({ name, unit }: Member, type: 'Input' | 'Output', key: string): string => {
  const node = unit.unit_nodes.find((candidate) => candidate.type === type && candidate.topic_name === key);
  if (!node) throw new ClientError('invalid', `The unit ${name} has no ${type} ${key}. Add it to schema_example.json.`);
  return node.uuid;
};

/** Makes both units on the instance and puts their programs in place. */
export const engage = async (stage: Stage, operator: OperatorApi): Promise<Cast> => {
  const member = async (name: string, example: Example, role: string): Promise<Member> => {
    const version = await stage.version(example, name);
    const unit = await operator.createUnit(name, version, { PU_STATE_SEND_INTERVAL: stateIntervalSeconds });
    const documents = { env: await operator.getEnv(unit.uuid), schema: await operator.getSchema(unit.uuid) };
    return { name, role, uuid: unit.uuid, unit, folder: await stage.install(version, documents) };
  };
  return {
    fan: await member('fan', 'fan-regulator', 'measures a simulated room and cools it'),
    display: await member('display', 'temperature-display', 'shows the temperature that the fan measures'),
  };
};
