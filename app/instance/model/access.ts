import { sign, verify } from 'hono/jwt';
import { noAccess } from '../errors.ts';
import type { NodeDocument, UnitDocument, VisibilityLevel } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { isUuid, parseTopic } from './topics.ts';

/** The unit or user that a token belongs to. */
export interface Agent {
  readonly type: 'Unit' | 'User';
  readonly uuid: string;
}

/** Issues and reads the instance's tokens: JWT, HS256, without expiry. */
export interface Tokens {
  issue(agent: Agent): Promise<string>;
  /** @throws {InstanceError} `noAccess`; the message never shows the token. */
  read(token: string | undefined): Promise<Agent>;
}

const claimsOf = async (token: string, secret: string): Promise<Record<string, unknown>> => {
  try {
    return await verify(token, secret, 'HS256');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : 'unreadable';
    throw noAccess(`The token was not issued by this instance (${reason}). Download the unit's env again.`);
  }
};

/** @param secret Signs the tokens; another secret makes all earlier ones invalid. */
export const createTokens = (secret: string): Tokens => ({
  issue: ({ uuid, type }) => sign({ uuid, type }, secret, 'HS256'),
  read: async (token) => {
    if (token === undefined || token === '') throw noAccess('The token is missing. Send it as x-auth-token.');
    const { uuid, type } = await claimsOf(token, secret);
    if (!isUuid(uuid) || (type !== 'Unit' && type !== 'User')) {
      throw noAccess("The token names neither a unit nor a user. Download the unit's env again.");
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

/** Whether a unit may use a topic; the platform applies the same rule to subscribing and publishing. */
export const mayUseTopic = (store: Store, domain: string, unit: string, topic: string): boolean => {
  const parsed = parseTopic(domain, topic);
  if (!parsed) return false;
  return parsed.kind === 'base' ? parsed.unit === unit : maySeeNode(store, unit, parsed.node);
};

/** Whether an agent may see a unit's row. */
export const maySeeUnit = (agent: Agent, unit: UnitDocument): boolean =>
  agent.type === 'User' || agent.uuid === unit.uuid || isOpen(unit.visibilityLevel);

/** @throws {InstanceError} `noAccess` */
export const requireUser = (agent: Agent): void => {
  if (agent.type !== 'User') throw noAccess('Only a user may do this. Send the token of the operator.');
};

/** @throws {InstanceError} `noAccess` for another unit's token. */
export const requireOwner = (agent: Agent, unit: string): void => {
  if (agent.type === 'Unit' && agent.uuid !== unit) {
    throw noAccess(`The token belongs to another unit than ${unit}. Send that unit's own token.`);
  }
};
