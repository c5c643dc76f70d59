import { sign, verify } from 'hono/jwt';
import { noAccess, type InstanceError } from '../errors.ts';
import type { NodeDocument, UnitDocument, VisibilityLevel } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { isUuid, parseTopic } from './topics.ts';

/** Who asks: the unit or user that a token belongs to, or a bot, which has none. */
export interface Agent {
  readonly type: 'Unit' | 'User' | 'Bot';
  /** Empty for a bot. */
  readonly uuid: string;
}

/** Issues and reads the instance's tokens: JWT, HS256, without expiry. */
export interface Tokens {
  issue(agent: Agent): Promise<string>;
  /** @returns A bot where there is no token. @throws {InstanceError} `noAccess`; the message never shows the token. */
  read(token: string | undefined): Promise<Agent>;
}

const bot: Agent = { type: 'Bot', uuid: '' };

const invalidToken = 'Token is invalid';

const claimsOf = async (token: string, secret: string): Promise<Record<string, unknown>> => {
  try {
    return await verify(token, secret, 'HS256');
  } catch {
    throw noAccess(invalidToken);
  }
};

/** @param secret Signs the tokens; another secret makes all earlier ones invalid. */
export const createTokens = (secret: string): Tokens => ({
  issue: ({ uuid, type }) => sign({ uuid, type }, secret, 'HS256'),
  read: async (token) => {
    if (token === undefined || token === '') return bot;
    const { uuid, type } = await claimsOf(token, secret);
    if (!isUuid(uuid) || (type !== 'Unit' && type !== 'User')) {
      throw noAccess(invalidToken);
    }
    return { uuid, type };
  },
});

/** Whether an edge links a unit to a node: it reads the Output, or writes the Input. */
const isJoined = (store: Store, unit: string, node: NodeDocument): boolean => {
  if (node.type === 'Input') return node.sources.some(({ output }) => store.node(output)?.unit.uuid === unit);
  const own = store.hasUnit(unit) ? store.unit(unit).nodes : [];
  return own.some(({ sources }) => sources.some(({ output }) => output === node.uuid));
};

const isOpen = (level: VisibilityLevel): boolean => level !== 'Private';

/** Whether a unit may read and write a node's topic: its own, a visible one, or one that an edge links to it. */
export const maySeeNode = (store: Store, unit: string, nodeUuid: string): boolean => {
  const found = store.node(nodeUuid);
  if (!found) return false;
  return found.unit.uuid === unit || isOpen(found.node.visibilityLevel) || isJoined(store, unit, found.node);
};

/** Whether a unit may use a topic; the platform applies the same rule to subscribing and publishing. A deleted one may not. */
export const mayUseTopic = (store: Store, domain: string, unit: string, topic: string): boolean => {
  const parsed = parseTopic(domain, topic);
  if (!parsed || !store.hasUnit(unit)) return false;
  return parsed.kind === 'base' ? parsed.unit === unit : maySeeNode(store, unit, parsed.node);
};

/** Whether an agent may see a unit's row: a bot sees what is public. */
export const maySeeUnit = (agent: Agent, unit: UnitDocument): boolean => {
  if (agent.type === 'Bot') return unit.visibilityLevel === 'Public';
  return agent.type === 'User' || agent.uuid === unit.uuid || isOpen(unit.visibilityLevel);
};

/** Whether an agent may see a node's row. */
export const maySeeNodeRow = (store: Store, agent: Agent, node: NodeDocument): boolean => {
  if (agent.type === 'Bot') return node.visibilityLevel === 'Public';
  return agent.type === 'User' || maySeeNode(store, agent.uuid, node.uuid);
};

const typeNames = { User: "<AgentType.USER: 'User'>", Unit: "<AgentType.UNIT: 'Unit'>" } as const;

const requireType = ({ type }: Agent, wanted: readonly ('User' | 'Unit')[]): void => {
  if (wanted.some((known) => known === type)) return;
  const names = wanted.map((known) => typeNames[known]).join(', ');
  throw noAccess(`Agent${type} access not allowed, only for [${names}]`);
};

/** @throws {InstanceError} `noAccess` */
export const requireUser = (agent: Agent): void => requireType(agent, ['User']);

/** The refusal of what belongs to another unit. */
export const notItsOwn = (store: Store, { type, uuid }: Agent): InstanceError => {
  const name = type === 'Unit' && store.hasUnit(uuid) ? ` ${store.unit(uuid).name}` : '';
  return noAccess(`The Unit${name} requesting the information does not have access to it`);
};

/** @throws {InstanceError} `noAccess` for a bot and for another unit's token, `notFound` */
export const requireOwner = (store: Store, agent: Agent, unit: string): void => {
  requireType(agent, ['User', 'Unit']);
  const { uuid } = store.unit(unit);
  if (agent.type === 'Unit' && agent.uuid !== uuid) throw notItsOwn(store, agent);
};
