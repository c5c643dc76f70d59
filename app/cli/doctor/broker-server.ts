import { join } from 'node:path';
import { privateName } from '../../../adapters/node/firmware/layout.ts';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import type { TlsOptions } from '../../../services/broker.ts';
import type { UnitEnv } from '../../../services/env.ts';
import { brokerAddressOf, storedLastLink, type BrokerAddress } from '../../../services/last-link.ts';
import { brokerUrl } from '../../messaging/router.ts';
import { UsageError } from '../command.ts';
import type { Server } from './server.ts';

/** The broker of a unit, as its program connects to it. */
export interface BrokerServer extends Server {
  readonly url: string;
  readonly tls: TlsOptions | undefined;
  /** Remedy where the port speaks TLS, and the unit does not. */
  readonly withTls: string;
}

/** What a program's options say of its broker, which no file does. */
export interface BrokerChoice {
  /** URL of one of `mqtt.brokers`. @defaultValue the broker of env.json */
  readonly broker?: string | undefined;
  /** PEM of the authorities that `mqtt.tls` trusts. @defaultValue those of the last link, or the host's */
  readonly ca?: string | undefined;
}

type HostPort = Pick<Server, 'host' | 'port'>;

/** The URL of `--broker`, which may have a secret in it. @throws {UsageError} */
export const brokerAddressIn = (url: string): BrokerAddress => {
  const address = brokerAddressOf(url);
  if (!address)
    throw new UsageError('--broker takes a URL with mqtt:, mqtts:, ws: or wss:, such as mqtts://broker.local:8883.');
  return address;
};

/** The broker at which the unit was last online, if it is this one: the program's own options show in it. */
const lastBroker = async (folder: string, { host, port }: HostPort): Promise<BrokerAddress | undefined> => {
  const path = join(folder, privateName, 'link.json');
  const last = await storedLastLink({ readJson: readDocument, writeJson: async () => undefined }, path).read();
  return last?.host === host && last.port === port ? last : undefined;
};

const urlOf = ({ scheme, host, port, path = '' }: BrokerAddress): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;

const tlsOf = (last: BrokerAddress | undefined, ca: string | undefined): TlsOptions | undefined => {
  if (ca !== undefined) return { ca };
  const { ca: authorities, serverName } = last ?? {};
  if (authorities === undefined && serverName === undefined) return undefined;
  return { ...(authorities && { ca: authorities }), ...(serverName !== undefined && { serverName }) };
};

const ofEnv = {
  variables: 'PU_MQTT_HOST and PU_MQTT_PORT',
  withoutTls:
    "Switch the broker's TLS on, or set PU_MQTT_PORT to its port without: the unit uses TLS on port 8883, and where its program's option mqtt.tls says so.",
  withTls: "Set PU_MQTT_PORT to the broker's port without TLS or to 8883, or give the program the option mqtt.tls.",
} as const;

const ofProgram = {
  variables: 'its URL in mqtt.brokers',
  withoutTls: "Switch the broker's TLS on, or begin its URL in mqtt.brokers with mqtt: or ws:.",
  withTls: 'Begin its URL in mqtt.brokers with mqtts: or wss:.',
} as const;

const serverAt = (
  url: string,
  { host, port }: HostPort,
  tls: TlsOptions | undefined,
  words: typeof ofEnv | typeof ofProgram,
): BrokerServer => ({
  url,
  tls,
  host,
  port,
  isSecure: /^(?:mqtts|wss):/.test(url),
  ...words,
  ...(tls?.ca !== undefined && { ca: [tls.ca].flat() }),
  ...(tls?.serverName !== undefined && { serverName: tls.serverName }),
});

/** The broker to check: the one that is named, or the one of env.json, as the unit was last online there. */
export const brokerServer = async (
  folder: string,
  env: UnitEnv,
  { broker, ca }: BrokerChoice,
): Promise<BrokerServer> => {
  if (broker !== undefined) {
    const address = brokerAddressIn(broker);
    const url = `${urlOf(address)}${new URL(broker).search}`;
    return serverAt(url, address, tlsOf(await lastBroker(folder, address), ca), ofProgram);
  }
  const { PU_MQTT_HOST: host, PU_MQTT_PORT: port } = env.reserved;
  const last = await lastBroker(folder, { host, port });
  const tls = tlsOf(last, ca);
  const url = last && ca === undefined ? urlOf(last) : brokerUrl(env, tls);
  return serverAt(url, { host: host.replace(/^\[(.*)\]$/, '$1'), port }, tls, ofEnv);
};
