import { sign, verify } from 'hono/jwt';
import { noAccess } from '../errors.ts';
import { isUuid } from './topics.ts';

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
export const tokensOf = (secret: string): Tokens => ({
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
