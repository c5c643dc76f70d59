import { randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import type { BrokerAddress, BrokerProbe } from '../../services/last-link.ts';

const withinMs = 5_000;

/** CONNECT of MQTT 3.1.1 (section 3.1): clean session, keep-alive of 10 s, empty client id, no credentials. */
const connectPacket = Buffer.from([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 10, 0, 0]);
const connackByte = 0x20;
const disconnectByte = 0xe0;

const isWeb = ({ scheme }: BrokerAddress): boolean => scheme === 'ws' || scheme === 'wss';
const isSecure = ({ scheme }: BrokerAddress): boolean => scheme === 'mqtts' || scheme === 'wss';

const upgradeRequest = ({ host, port, path = '/' }: BrokerAddress): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${net.isIPv6(host) ? `[${host}]` : host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: mqtt',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');

/** Whether the first bytes are a broker's; `undefined` while they are too few to tell. */
type Verdict = (bytes: Buffer) => boolean | undefined;

const isMqttAnswer: Verdict = ([type, length]) => {
  if (type === undefined) return undefined;
  if (type !== connackByte && type !== disconnectByte) return false;
  return length === undefined ? undefined : type === disconnectByte || length >= 2;
};

/** HTTP status codes of a server that has a WebSocket there: opened, or refused for want of credentials. */
const upgradeCodes: readonly string[] = ['101', '401', '403'];
const statusLineLength = 'HTTP/1.1 101'.length;

const isUpgradeAnswer: Verdict = (bytes) => {
  const start = bytes.subarray(0, statusLineLength).toString('latin1');
  if (!'HTTP/1.'.startsWith(start.slice(0, 7))) return false;
  return start.length < statusLineLength ? undefined : upgradeCodes.includes(start.slice(-3));
};

const connect = (address: BrokerAddress): net.Socket => {
  const { host, port, ca, serverName } = address;
  if (!isSecure(address)) return net.connect({ host, port });
  const name = serverName ?? (net.isIP(host) === 0 ? host : undefined);
  return tls.connect({ host, port, ...(name !== undefined && { servername: name }), ...(ca && { ca: [...ca] }) });
};

/** Whether a broker with a valid certificate ended the handshake because it wants one of the unit's, too. */
const wantsCertificate = (error: Error): boolean =>
  (error as { code?: unknown }).code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';

const isThere = (address: BrokerAddress, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const socket = connect(address);
    const read = isWeb(address) ? isUpgradeAnswer : isMqttAnswer;
    let bytes: Buffer = Buffer.alloc(0);
    const end = (answer: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('data', onData).destroy();
      resolve(answer);
    };
    const onAbort = () => end(false);
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk.subarray(0, statusLineLength)]);
      const answer = read(bytes);
      if (answer !== undefined) end(answer);
    };
    const timer = setTimeout(onAbort, withinMs).unref();
    signal.addEventListener('abort', onAbort, { once: true });
    socket
      .on('error', (error) => end(wantsCertificate(error)))
      .on('close', onAbort)
      .on('data', onData)
      .once(isSecure(address) ? 'secureConnect' : 'connect', () => {
        socket.write(isWeb(address) ? upgradeRequest(address) : connectPacket);
      });
  });

/** Probes brokers by a hand-made CONNECT over TCP and TLS, and by a hand-made upgrade for WebSocket. */
export const nodeBrokerProbe = (): BrokerProbe => ({
  isThere: (address, signal) => isThere(address, signal).catch(() => false),
});
