import type { Command, Instance } from '../../instance/index.ts';
import type { JsonValue } from '../../../services/json.ts';
import { BrokerError } from '../../../services/errors.ts';
import { UsageError } from '../command.ts';
import type { DevUnit } from './unit.ts';

/** What one types while `pepeunit dev` runs, and what it does. */
export const orderHelp: readonly (readonly [order: string, effect: string])[] = [
  ['send KEY TEXT', 'publish TEXT on an Input of the unit'],
  ['env NAME=VALUE', 'set a variable and send EnvUpdate; without NAME=VALUE only send it'],
  ['schema', 'send SchemaUpdate'],
  ['log', 'send LogSync'],
  ['reset', 'send Reset'],
  ['restart', 'start the program again'],
  ['update', 'make the folder a version, and try the update to it from the version before'],
  ['quit', 'stop the unit and the instance'],
];

/** What the orders need of the command. */
export interface Orders {
  readonly instance: Instance;
  readonly unit: DevUnit;
  /** Whether the unit is there for what is sent. */
  readonly isOnline: () => boolean;
  readonly restart: () => Promise<void>;
  readonly update: () => Promise<void>;
  readonly quit: () => void;
  readonly help: () => void;
}

const valueOf = (text: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
};

const send = async ({ instance: { operator }, unit, isOnline }: Orders, rest: string): Promise<void> => {
  const [, key = '', text] = /^(\S+)(?: (.*))?$/s.exec(rest) ?? [];
  const nodes = operator.getUnit(unit.uuid).unit_nodes.filter(({ type }) => type === 'Input');
  const node = nodes.find(({ topic_name: topic }) => topic === key);
  if (!node || text === undefined) {
    const keys = nodes.map(({ topic_name: topic }) => topic).join(', ') || 'none';
    throw new UsageError(`send takes the key of an Input and a text. The unit's Inputs: ${keys}.`);
  }
  if (!isOnline())
    throw new BrokerError('closed', 'The unit is not online, and would not get it. Send it again later.');
  await operator.setStateInput(node.uuid, text);
};

const setEnv = async ({ instance: { operator }, unit }: Orders, rest: string): Promise<void> => {
  if (rest !== '') {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(rest) ?? [];
    if (name === undefined || value === undefined) throw new UsageError('env takes NAME=VALUE, or nothing.');
    if (!Object.hasOwn(await operator.getEnv(unit.uuid), name)) {
      throw new UsageError(`env_example.json has no ${name}. Add it there first.`);
    }
    await operator.setEnv(unit.uuid, { [name]: valueOf(value) });
  }
  await operator.sendCommand(unit.uuid, 'EnvUpdate');
};

const commandOf: Readonly<Record<string, Command>> = { schema: 'SchemaUpdate', log: 'LogSync', reset: 'Reset' };

/** Obeys one line. @throws {UsageError | BrokerError} It is none of the orders, or the unit is not there for it. */
export const obey = async (orders: Orders, line: string): Promise<void> => {
  const [, name = '', rest = ''] = /^(\S*)\s*(.*?)\s*$/s.exec(line.trim()) ?? [];
  const command = Object.hasOwn(commandOf, name) ? commandOf[name] : undefined;
  if (command) return orders.instance.operator.sendCommand(orders.unit.uuid, command);
  switch (name) {
    case '':
      return undefined;
    case 'send':
      return send(orders, rest);
    case 'env':
      return setEnv(orders, rest);
    case 'restart':
      return orders.restart();
    case 'update':
      return orders.update();
    case 'quit':
      return orders.quit();
    case 'help':
      return orders.help();
    default:
      throw new UsageError(`There is no "${name}". Type help.`);
  }
};
