import type { TlsOptions } from './broker.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { Storage } from './storage.ts';

const schemes = ['mqtt', 'mqtts', 'ws', 'wss'] as const;

/** Where a broker is, with no secret in it. */
export interface BrokerAddress {
  readonly scheme: (typeof schemes)[number];
  readonly host: string;
  readonly port: number;
  /** Path of a WebSocket. */
  readonly path?: string;
  /** PEM of the authorities to trust in place of the host's. */
  readonly ca?: readonly string[];
  /** Name to check the certificate against, if it differs from the host. */
  readonly serverName?: string;
}

/** Finds out whether a broker is there, without becoming its client. */
export interface BrokerProbe {
  /**
   * Sends one CONNECT without credentials and without a client id, or asks for a WebSocket.
   *
   * @returns Whether a broker answered within five seconds, even if it refused; `false` when the signal aborts. Never
   *   rejects.
   */
  isThere(address: BrokerAddress, signal: AbortSignal): Promise<boolean>;
}

/** Remembers the broker at which the unit was last online with its base topics granted. */
export interface LastLink {
  /** The address; `undefined` if none is known or it can't be read. Never rejects. */
  read(): Promise<BrokerAddress | undefined>;
  /** Keeps an address if it is another one. A failure is ignored: the next link tries again. Never rejects. */
  keep(address: BrokerAddress): Promise<void>;
}

const defaultPorts = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;
const maxTextLength = 1024;
const maxAuthorities = 64;
const maxAuthorityLength = 64 * 1024;

const schemeOf = (text: JsonValue | undefined) => schemes.find((scheme) => scheme === text);

/**
 * The address in a broker's URL: credentials, query and fragment are left out.
 *
 * @returns `undefined` if it is no URL of a broker.
 * @example
 * import { brokerAddressOf } from 'pepeunit-client/services';
 *
 * brokerAddressOf('wss://user:secret@broker.example/mqtt?key=secret');
 * // { scheme: 'wss', host: 'broker.example', port: 443, path: '/mqtt' }
 */
export const brokerAddressOf = (text: string, { ca, serverName }: TlsOptions = {}): BrokerAddress | undefined => {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const scheme = schemeOf(url.protocol.slice(0, -1));
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (scheme === undefined || host === '') return undefined;
  const isSecure = scheme === 'mqtts' || scheme === 'wss';
  return {
    scheme,
    host,
    port: url.port === '' ? defaultPorts[scheme] : Number(url.port),
    ...((scheme === 'ws' || scheme === 'wss') && { path: url.pathname || '/' }),
    ...(isSecure && ca !== undefined && { ca: [ca].flat() }),
    ...(isSecure && serverName !== undefined && { serverName }),
  };
};

const isText = (value: JsonValue | undefined, maxLength = maxTextLength): value is string =>
  typeof value === 'string' && value !== '' && value.length <= maxLength;

const isAuthorities = (value: JsonValue | undefined): value is string[] =>
  Array.isArray(value) && value.length <= maxAuthorities && value.every((pem) => isText(pem, maxAuthorityLength));

/** The address in a stored record; `undefined` if the record is damaged. */
const addressIn = (record: JsonObject): BrokerAddress | undefined => {
  const { format, host, port, path, ca, serverName } = record;
  const scheme = schemeOf(record['scheme']);
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  if (format !== 1 || scheme === undefined || !isText(host) || !isPort) return undefined;
  if (path !== undefined && (!isText(path) || !/^\/[\x21-\x7e]*$/.test(path))) return undefined;
  if (ca !== undefined && !isAuthorities(ca)) return undefined;
  if (serverName !== undefined && !isText(serverName)) return undefined;
  return {
    scheme,
    host,
    port,
    ...(path !== undefined && { path }),
    ...(ca !== undefined && { ca }),
    ...(serverName !== undefined && { serverName }),
  };
};

const recordOf = ({ ca, ...address }: BrokerAddress): JsonObject => ({
  format: 1,
  ...address,
  ...(ca && { ca: [...ca] }),
});

const textOf = (address: BrokerAddress | undefined): string => JSON.stringify(address ?? null);

class StoredLastLink implements LastLink {
  readonly #storage: Pick<Storage, 'readJson' | 'writeJson'>;
  readonly #path: string;
  #stored: string | undefined;

  constructor(storage: Pick<Storage, 'readJson' | 'writeJson'>, path: string) {
    this.#storage = storage;
    this.#path = path;
  }

  async read(): Promise<BrokerAddress | undefined> {
    const document = await this.#storage.readJson(this.#path).catch(() => undefined);
    return isJsonObject(document) ? addressIn(document) : undefined;
  }

  async keep(address: BrokerAddress): Promise<void> {
    const record = recordOf(address);
    // What could not be read back would be of no use.
    const checked = addressIn(record);
    if (checked === undefined) return;
    this.#stored ??= textOf(await this.read());
    if (this.#stored === textOf(checked)) return;
    try {
      await this.#storage.writeJson(this.#path, record);
      this.#stored = textOf(checked);
    } catch {
      // Best effort: a full disk must not cost the link.
    }
  }
}

/**
 * Keeps the address of the last good link in a document of the storage.
 *
 * @example
 * import { brokerAddressOf, storedLastLink } from 'pepeunit-client/services';
 *
 * const lastLink = storedLastLink(unit.world.storage, '.pepeunit/link.json');
 * const address = brokerAddressOf('mqtt://broker.example');
 * if (address) await lastLink.keep(address);
 */
export const storedLastLink = (storage: Pick<Storage, 'readJson' | 'writeJson'>, path: string): LastLink =>
  new StoredLastLink(storage, path);
