import type { AedesOptions, AuthenticateError, Client } from 'aedes';
import { mayUseTopic, type Tokens } from '../model/access.ts';
import type { EventHub } from '../model/events.ts';
import type { Store } from '../store/store.ts';

/** The parts of an instance that decide who may connect. */
export interface AdmissionParts {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly events: EventHub;
  readonly domain: string;
  /** Newest version of MQTT that is spoken. */
  readonly protocol: 4 | 5;
}

/** Return codes of CONNACK (MQTT 3.1.1, section 3.2.2.3); for MQTT 5 the library turns them to reason codes. */
const identifierRejected = 2;
const badCredentials = 4;
const notAuthorised = 5;

const refusal = (returnCode: number, message: string): AuthenticateError =>
  Object.assign(new Error(message), { returnCode });

/** CONNACK of brokers that do not speak the client's version: "unacceptable protocol version" (MQTT 3.1.1, section 3.2.2.3). */
const unacceptableVersion = Buffer.from([0x20, 2, 0, 1]);

/** The client ids of a unit: its UUID, and, for tools that leave its session alone, the UUID with a suffix. */
const isIdOf = (unit: string, clientId: string): boolean => clientId === unit || clientId.startsWith(`${unit}-`);

type Authenticate = Required<AedesOptions>['authenticate'];

/**
 * Creates the broker's checks of CONNECT: version, token, client id and will.
 *
 * @param units Gets the unit of each client that is let in.
 */
export const admission = (
  { store, tokens, events, domain, protocol }: AdmissionParts,
  units: WeakMap<Client, string>,
): Required<Pick<AedesOptions, 'preConnect' | 'authenticate'>> => {
  const willTopics = new WeakMap<Client, string>();
  const unitOf = async (username: string | undefined): Promise<string> => {
    const { type, uuid } = await tokens.read(username).catch((thrown: Error) => {
      throw refusal(badCredentials, thrown.message);
    });
    if (type === 'Bot') throw refusal(badCredentials, 'The token is missing.');
    if (type !== 'Unit' || !store.hasUnit(uuid))
      throw refusal(notAuthorised, 'The token belongs to no unit of this instance.');
    return uuid;
  };
  const admit = async (client: Client, username: string | undefined): Promise<void> => {
    const unit = await unitOf(username);
    if (!isIdOf(unit, client.id)) throw refusal(identifierRejected, `The client id is not that of the unit ${unit}.`);
    const willTopic = willTopics.get(client);
    if (willTopic !== undefined && !mayUseTopic(store, domain, unit, willTopic))
      throw refusal(notAuthorised, 'The unit may not publish to the topic of its will.');
    units.set(client, unit);
  };
  const authenticate = async (...[client, username, , done]: Parameters<Authenticate>): Promise<void> => {
    try {
      await admit(client, username);
    } catch (thrown) {
      const refused = thrown as AuthenticateError;
      events.emit({ type: 'refused', clientId: client.id, reason: refused.message });
      return done(refused, false);
    }
    done(null, true);
  };
  return {
    preConnect: (client, { protocolVersion = 4, will }, done) => {
      if (protocolVersion > protocol) {
        client.conn.write(unacceptableVersion);
        return done(new Error('unacceptable protocol version'), false);
      }
      if (will) willTopics.set(client, will.topic);
      done(null, true);
    },
    authenticate: (...attempt) => void authenticate(...attempt),
  };
};
