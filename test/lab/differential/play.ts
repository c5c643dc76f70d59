import { Duplex } from 'node:stream';
import mqtt from 'mqtt';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import type { Link, LinkListener, LinkOptions, MqttVersion, Qos } from '../../../services/broker.ts';
import { BrokerError } from '../../../services/errors.ts';
import { connack } from '../../support/scripted-broker.ts';

/** A session as the broker plays it, and what the link is asked for. */
export interface Script {
  readonly version: MqttVersion;
  /** What is published before the broker sends anything but CONNACK. */
  readonly published: readonly { readonly qos: Qos; readonly topic: string; readonly payload: string }[];
  /** What the broker sends then, a packet each, well-formed or not. */
  readonly packets: readonly Buffer[];
  /** Which messages the listener holds back after. */
  readonly holds: (message: number) => boolean;
  /** Which messages the listener answers, by a message of QoS 0 or 1. */
  readonly answers: (message: number) => Qos | undefined;
  /** Whether the connection is cut at the end; else the link is closed. */
  readonly isCut: boolean;
}

/** All that a link did: what its listener and its callers were told, in order each, and what it wrote. */
export interface Calls {
  readonly messages: readonly string[];
  readonly outcomes: readonly string[];
  readonly ends: readonly string[];
  readonly written: string;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A connection in memory, whose other end the caller plays, and which ends when the link ends its own, as a broker's does. */
const createConnection = () => {
  const written: Buffer[] = [];
  const stream: Duplex = new Duplex({
    allowHalfOpen: false,
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
    final: (done) => {
      stream.push(null);
      done();
    },
  });
  return { stream, written };
};

interface Streaming {
  streamBuilder: () => Duplex;
}

/** Begins to open a link over a connection. Packet identifiers begin at 1. */
const beginOpen = (stream: Duplex, options: LinkOptions, listener: LinkListener): Promise<Link> => {
  const { connect } = mqtt;
  const { random } = Math;
  mqtt.connect = ((...parameters: Parameters<typeof connect>) => {
    const client = connect(...parameters);
    (client as unknown as Streaming).streamBuilder = () => stream;
    return client;
  }) as typeof connect;
  Math.random = () => 0;
  try {
    return mqttBroker().open(options, listener, new AbortController().signal);
  } finally {
    mqtt.connect = connect;
    Math.random = random;
  }
};

const optionsOf = (version: MqttVersion, fastPath: boolean): LinkOptions => ({
  url: 'mqtt://127.0.0.1:1',
  version,
  clientId: 'unit',
  username: 'token',
  keepaliveSeconds: 0,
  timeoutMs: 600_000,
  fastPath,
});

const shown = (error: unknown): string =>
  error instanceof BrokerError
    ? `${error.code} ${error.reasonCode} ${error.message}`
    : `no BrokerError: ${String(error)}`;

/** Keeps what a listener is told, and does what the script says. */
const createListener = ({ holds, answers }: Script, linkOf: () => Link | undefined) => {
  const messages: string[] = [];
  const ends: string[] = [];
  const outcomes: string[] = [];
  let active = 0;
  const publish = (qos: Qos, topic: string, payload: string) => {
    const at = outcomes.push('pending') - 1;
    const settle = (outcome: string) => {
      outcomes[at] = outcome;
    };
    linkOf()
      ?.publish(topic, payload, { qos })
      .then(
        () => settle('done'),
        (error: unknown) => settle(shown(error)),
      );
  };
  const listener: LinkListener = {
    onMessage: (topic, payload, retained, properties) => {
      const number = messages.push(
        JSON.stringify([topic, Buffer.from(payload).toString('base64'), retained, properties ?? null]),
      );
      const answer = answers(number);
      if (answer !== undefined) publish(answer, 'answer', String(number));
      if (!holds(number)) return undefined;
      active += 1;
      return turn().finally(() => {
        active -= 1;
      });
    },
    onClosed: (error) => ends.push(shown(error)),
  };
  return { listener, messages, ends, outcomes, publish, isBusy: () => active > 0 };
};

/** Waits until nothing more is going on. */
const untilQuiet = async (isBusy: () => boolean) => {
  let quiet = 0;
  while (quiet < 2) {
    await turn();
    quiet = isBusy() ? 0 : quiet + 1;
  }
};

/**
 * Plays a script.
 *
 * @param chunks The bytes of its packets, in the chunks in which they come.
 * @param isPatient Whether each chunk is dealt with before the next comes.
 */
export const play = async (
  script: Script,
  fastPath: boolean,
  chunks: readonly Buffer[],
  isPatient: boolean,
): Promise<Calls> => {
  const { stream, written } = createConnection();
  let link: Link | undefined;
  const heard = createListener(script, () => link);
  const opening = beginOpen(stream, optionsOf(script.version, fastPath), heard.listener);
  stream.push(connack[script.version]);
  link = await opening;
  for (const { qos, topic, payload } of script.published) heard.publish(qos, topic, payload);
  await untilQuiet(heard.isBusy);
  for (const chunk of chunks) {
    if (stream.destroyed) break;
    stream.push(chunk);
    if (isPatient) await untilQuiet(heard.isBusy);
  }
  await untilQuiet(heard.isBusy);
  if (script.isCut) stream.destroy();
  else await link.close();
  await untilQuiet(heard.isBusy);
  stream.destroy();
  const { messages, ends, outcomes } = heard;
  return { messages, ends, outcomes, written: Buffer.concat(written).toString('hex') };
};
