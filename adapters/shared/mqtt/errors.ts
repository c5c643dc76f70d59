import { BrokerError, textOf } from '../../../services/errors.ts';
import type { LinkOptions } from '../../../services/broker.ts';

type Code = BrokerError['code'];

/** CONNACK return codes of MQTT 3.1.1 (section 3.2.2.3) and reason codes of MQTT 5 (section 3.2.2.2), by error code. */
const connackCodes: Readonly<Record<number, Code>> = {
  1: 'protocol',
  2: 'credentials',
  3: 'refused',
  4: 'credentials',
  5: 'credentials',
  0x84: 'protocol',
  0x85: 'credentials',
  0x86: 'credentials',
  0x87: 'credentials',
  0x8a: 'credentials',
  0x8c: 'credentials',
  0x97: 'quota',
  0x9f: 'quota',
};

/** Reason codes of a server's DISCONNECT (MQTT 5 section 3.14.2.1) with an error code of their own. */
const disconnectCodes: Readonly<Record<number, Code>> = {
  0x81: 'malformed',
  0x82: 'malformed',
  0x87: 'credentials',
  0x8d: 'timeout',
  0x8e: 'takenOver',
  0x95: 'malformed',
  0x97: 'quota',
  0x9f: 'quota',
};

const advice: Readonly<Record<Code, string>> = {
  refused: 'Try again later.',
  credentials: "Check PU_AUTH_TOKEN: download the unit's env from the instance again.",
  protocol: 'Use another version of MQTT.',
  takenOver: 'Another program runs with the same unit: stop one of the two.',
  quota: "The broker's limits are reached: fewer units, fewer messages, or higher limits.",
  network: 'Check the network, PU_MQTT_HOST and PU_MQTT_PORT.',
  timeout: 'Check the network and the broker.',
  closed: 'Open the link again.',
  tls: "Check the broker's certificate, its name, and the authorities this unit trusts.",
  malformed: 'Check that PU_MQTT_HOST and PU_MQTT_PORT lead to an MQTT broker.',
};

/** Address of a link, without secrets in its URL. */
const brokerName = ({ url }: Pick<LinkOptions, 'url'>): string => {
  const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: '', host: 'the broker' };
  return protocol === '' ? host : `${protocol}//${host}`;
};

const hex = (code: number): string => `0x${code.toString(16).padStart(2, '0')}`;

/** Creates a broker error about a link, with the advice for its code. */
export const linkError = (
  code: Code,
  where: Pick<LinkOptions, 'url'>,
  what: string,
  options?: ErrorOptions & { reasonCode?: number },
): BrokerError => new BrokerError(code, `${brokerName(where)}: ${what}. ${advice[code]}`, options);

/** The error of a call on a closed link. @param ended What ended the link. */
export const closedError = (where: Pick<LinkOptions, 'url'>, ended: BrokerError): BrokerError =>
  linkError('closed', where, 'the link is closed', { cause: ended });

/** The error of a refusing CONNACK. */
export const connackError = (where: LinkOptions, reasonCode: number, cause: unknown): BrokerError => {
  const code = connackCodes[reasonCode] ?? 'refused';
  return linkError(code, where, `the broker refused the connection (${hex(reasonCode)})`, { reasonCode, cause });
};

/** The error of a server's DISCONNECT. */
export const disconnectError = (where: LinkOptions, reasonCode: number): BrokerError => {
  const code = disconnectCodes[reasonCode] ?? 'closed';
  return linkError(code, where, `the broker ended the session (${hex(reasonCode)})`, { reasonCode });
};

/** What ends a link to something that does not speak MQTT. */
export const notMqtt = 'what the broker sent is not MQTT';

const tlsCode = /CERT|TLS|SSL|EPROTO|SIGNATURE|ISSUER|CRL/;

/** Turns an error of the socket or of the MQTT library into a broker error. */
export const transportError = (where: LinkOptions, cause: unknown): BrokerError => {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (typeof code === 'number') {
    return linkError('malformed', where, `the broker broke the protocol (${hex(code)})`, { reasonCode: code, cause });
  }
  if (typeof code !== 'string') {
    if (message === 'Keepalive timeout') return linkError('timeout', where, 'the broker fell silent', { cause });
    return linkError('malformed', where, notMqtt, { cause });
  }
  if (tlsCode.test(code)) return linkError('tls', where, `no trusted TLS connection (${code})`, { cause });
  return linkError('network', where, `the connection failed (${code})`, { cause });
};

/** The error of a refused PUBLISH (MQTT 5 section 3.4.2.1). */
export const publishError = (topic: string, reasonCode: number, options?: ErrorOptions): BrokerError =>
  new BrokerError(
    'refused',
    `A message on ${textOf(topic).slice(0, 200)} was refused (${hex(reasonCode)}). Check the unit's rights, the topic and the size.`,
    { ...options, reasonCode },
  );
