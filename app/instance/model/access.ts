import { sign, verify } from 'hono/jwt';
import { noAccess } from '../errors.ts';
import type { NodeDocument, UnitDocument, VisibilityLevel } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { isUuid, parseTopic } from './topics.ts';

/** Who a token speaks for. */
export interface Agent {
  readonly type: 'Unit' | 'User';
  readonly uuid: string;
}

/** Makes and reads the instance's tokens: JWT, HS256, without an end. */
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
    throw noAccess(`The token is not one of this instance (${reason}). Download the unit's env again.`);
  }
};

/** Tokens signed with one secret. */
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

/** Units that an edge of theirs joins to a node: an Output's reader, or an Input's writer. */
const isJoined = (store: Store, unit: string, node: NodeDocument): boolean => {
  if (node.type === 'Input') return node.sources.some(({ output }) => store.node(output)?.unit.uuid === unit);
  const own = store.hasUnit(unit) ? store.unit(unit).nodes : [];
  return own.some(({ sources }) => sources.some(({ output }) => output === node.uuid));
};

const isOpen = (level: VisibilityLevel): boolean => level !== 'Private';

/** Whether a unit may read and write a node's topic: its own, a visible one, or one that an edge joins it to. */
export const maySeeNode = (store: Store, unit: string, nodeUuid: string): boolean => {
  const found = store.node(nodeUuid);
  if (!found) return false;
  return found.unit.uuid === unit || isOpen(found.node.visibilityLevel) || isJoined(store, unit, found.node);
};

/** Whether a unit may subscribe to a topic or publish to it: the platform asks the same for both. */
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
