import { join } from 'node:path';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import { FileStorage } from '../../../adapters/node/storage/storage.ts';
import { nodeTcp } from '../../../adapters/node/tcp.ts';
import type { Link, LinkOptions, MqttVersion } from '../../../services/broker.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { UnitEnv } from '../../../services/env.ts';
import { readEnv as readEnvFile } from '../../../services/settings.ts';
import { readSchema as readSchemaFile } from '../../../services/schema.ts';
import { brokerUrl } from '../../messaging/router.ts';

/** Reads the env of the unit in a folder. @throws {SettingsError} */
export const readEnv = (folder: string): Promise<UnitEnv> => readEnvFile(new FileStorage(), join(folder, 'env.json'));

/** Reads the schema of the unit in a folder. @throws {SchemaError} */
export const readSchema = (folder: string) => readSchemaFile(new FileStorage(), join(folder, 'schema.json'));

const timeoutMs = 10_000;
const never = new AbortController().signal;

/** Ignores inbound messages: these links only publish or subscribe once. */
const listener = { onMessage: () => undefined, onClosed: () => undefined };

/** Address and TLS of a link, where they are not those of env.json. */
type LinkTarget = Pick<LinkOptions, 'url' | 'tls'>;

/**
 * Connects to the broker with a unit's token: by MQTT 5 where the broker speaks it, else by 3.1.1.
 *
 * @throws {BrokerError}
 */
export const openLink = async (
  env: UnitEnv,
  clientId: string,
  target: LinkTarget = { url: brokerUrl(env) },
): Promise<Link> => {
  const broker = mqttBroker(nodeTcp());
  const options = (version: MqttVersion): LinkOptions => ({
    ...target,
    version,
    clientId,
    username: env.reserved.PU_AUTH_TOKEN,
    keepaliveSeconds: env.reserved.PU_MQTT_KEEPALIVE,
    timeoutMs,
  });
  try {
    return await broker.open(options(5), listener, never);
  } catch (thrown) {
    if (!(thrown instanceof BrokerError && ['protocol', 'closed'].includes(thrown.code))) throw thrown;
    return broker.open(options(4), listener, never);
  }
};
