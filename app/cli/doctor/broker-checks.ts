import { randomBytes } from 'node:crypto';
import type { Grant, Link } from '../../../services/broker.ts';
import { parseEnv, type UnitEnv } from '../../../services/env.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import { subscribedTopics, type UnitSchema } from '../../../services/schema.ts';
import { openLink } from '../unit/folder.ts';
import { brokerServer, type BrokerChoice, type BrokerServer } from './broker-server.ts';
import { check, type Check } from './check.ts';
import { failed, failedBy, ok, skipped, warning, type Outcome } from './finding.ts';
import { reachChecks } from './reach.ts';
import { addressOf } from './server.ts';
import { speaksTls } from './tls.ts';

const fetchEnv = "Download the unit's env from the instance again.";

/** What a refusal of CONNECT means, by the reason codes of MQTT 5 and the return codes of 3.1.1. */
const refusals: Readonly<Record<number, readonly [detail: string, remedy: string]>> = {
  1: ['speaks another version of MQTT', 'Use a broker that speaks MQTT 5 or 3.1.1.'],
  3: ['is not available now', 'Look at the broker, and try again later.'],
  4: ['does not take the token: bad user name or password', fetchEnv],
  5: ['does not let this token in: not authorised', `${fetchEnv} Check that the unit still exists there.`],
  0x84: ['speaks another version of MQTT', 'Use a broker that speaks MQTT 5 or 3.1.1.'],
  0x86: ['does not take the token: bad user name or password', fetchEnv],
  0x87: ['does not let this token in: not authorised', `${fetchEnv} Check that the unit still exists there.`],
  0x88: ['is not available now', 'Look at the broker, and try again later.'],
  0x89: ['is busy', 'Try again later.'],
  0x8a: ['has banned this client', 'Lift the ban on the broker.'],
  0x8c: ['wants another way of authentication than a token', 'Let the broker take the token as user name.'],
  0x97: ['has reached its quota', 'Raise the limits of the broker, or connect less.'],
  0x9f: ['takes no more connections at this rate', 'Try again later.'],
};
const clientIdCodes: ReadonlySet<number | undefined> = new Set([2, 0x85]);

const hex = (code: number): string => `0x${code.toString(16).padStart(2, '0')}`;

const loginFailure = async (server: BrokerServer, thrown: unknown): Promise<Outcome<never>> => {
  if (!(thrown instanceof BrokerError)) throw thrown;
  const at = addressOf(server);
  const { reasonCode } = thrown;
  if (clientIdCodes.has(reasonCode)) {
    return skipped(
      `${at} takes no client id but the unit's own (${hex(reasonCode ?? 0)}), which would end its session`,
    );
  }
  const [detail, remedy] = refusals[reasonCode ?? -1] ?? [];
  if (detail !== undefined && remedy !== undefined) return failed(`${at} ${detail} (${hex(reasonCode ?? 0)}).`, remedy);
  if (!server.isSecure && (await speaksTls(server))) {
    return failed(`${at} speaks TLS, and the unit does not on this port.`, server.withTls);
  }
  return failedBy(thrown);
};

/** Connects under an id of its own: each doctor leaves the unit and other doctors alone. */
const login = (document: JsonObject, { url, tls }: BrokerServer): Promise<Link> => {
  const env = parseEnv(document);
  return openLink(env, `${env.unitUuid}-doctor-${randomBytes(4).toString('hex')}`, { url, ...(tls && { tls }) });
};

const keyedTopics = ({ input_base_topic, input_topic, output_base_topic, output_topic }: UnitSchema) => {
  const keys = new Map<string, string>();
  for (const section of [output_topic, output_base_topic, input_topic, input_base_topic]) {
    for (const [key, topics] of Object.entries(section)) for (const topic of topics) keys.set(topic, key);
  }
  return keys;
};

const deniedIn = (grants: readonly Grant[], keys: ReadonlyMap<string, string>): string =>
  grants
    .filter(({ granted }) => !granted)
    .map(({ topic, reasonCode }) => `${keys.get(topic) ?? 'unknown'} (${topic}: ${hex(reasonCode)})`)
    .join(', ');

const fetchSchema =
  "Download the unit's schema from the instance again; for a topic of another unit, check the link to it and its visibility.";

const grantsCheck = (link: Check<Link>, schema: Check<UnitSchema>) =>
  check('topics', { link, schema }, async ({ link: open, schema: given }) => {
    const topics = subscribedTopics(given);
    if (topics.length === 0) return ok('schema.json lists no inputs', undefined);
    const grants = await open.subscribe(topics);
    const denied = deniedIn(grants, keyedTopics(given));
    const count = grants.filter(({ granted }) => !granted).length;
    if (count > 0) return failed(`The broker denies ${count} of ${topics.length} inputs: ${denied}.`, fetchSchema);
    const keys = [...Object.keys(given.input_base_topic), ...Object.keys(given.input_topic)];
    return ok(`${topics.length} granted: ${keys.join(', ')}`, undefined);
  });

const logKey = 'log/pepeunit';

/** Publishes an empty list of log entries, which adds none. @throws {BrokerError} `refused` */
const publishNothing = async (link: Link, schema: UnitSchema): Promise<string> => {
  const [topic] = schema.output_base_topic[logKey] ?? [];
  if (topic === undefined) return 'no message was tried, without a topic for the log';
  await link.publish(topic, '[]', { qos: 1 });
  return link.version === 5 ? `${logKey} takes messages` : `MQTT 3.1.1 does not tell whether messages are denied`;
};

const outputsCheck = (link: Check<Link>, schema: Check<UnitSchema>) =>
  check('publishing', { link, schema }, async ({ link: open, schema: given }) => {
    const { output_base_topic: base, output_topic: own } = given;
    const topics = [...new Set([...Object.values(base), ...Object.values(own)].flat())];
    if (topics.length === 0) return ok('schema.json lists no outputs', undefined);
    let tried: string;
    try {
      tried = await publishNothing(open, given);
    } catch (thrown) {
      if (!(thrown instanceof BrokerError && thrown.code === 'refused')) throw thrown;
      const code = hex(thrown.reasonCode ?? 0);
      return failed(`The broker refuses messages of the unit on ${logKey} (${code}).`, fetchSchema);
    }
    const grants = await open.subscribe(topics);
    const denied = deniedIn(grants, keyedTopics(given));
    if (denied === '') return ok(`${tried}; the ${topics.length} outputs are the unit's to use`, undefined);
    return warning(
      `The broker does not let the unit read its own outputs ${denied}: Pepeunit has one rule for reading and publishing.`,
      `${fetchSchema} On another broker see its own rules.`,
      undefined,
    );
  });

/** Parts of a unit that the checks of its broker need. */
export interface BrokerNeeds {
  readonly document: Check<JsonObject>;
  readonly variables: Check<UnitEnv>;
  readonly token: Check<string>;
  readonly schema: Check<UnitSchema>;
}

/**
 * Checks of the broker: the way to it, the login, each input, and publishing. They connect under a client id of their
 * own, so that a running unit keeps its session.
 *
 * @param choice What the program's options say of the broker.
 */
export const brokerChecks = (
  folder: string,
  { document, variables, token, schema }: BrokerNeeds,
  choice: BrokerChoice = {},
): Check[] => {
  const server = check('broker address', { variables }, async ({ variables: env }) =>
    ok('', await brokerServer(folder, env, choice)),
  );
  const { name, port, secure } = reachChecks('broker', server);
  const link = check(
    'broker login',
    { secure, server, document, token },
    async ({ server: given, document: env }, { onEnd }) => {
      try {
        const open = await login(env, given);
        onEnd(() => open.close());
        return ok(`${addressOf(given)} takes the token, MQTT ${open.version === 5 ? '5' : '3.1.1'}`, open);
      } catch (thrown) {
        return loginFailure(given, thrown);
      }
    },
  );
  return [name, port, secure, link, grantsCheck(link, schema), outputsCheck(link, schema)];
};
