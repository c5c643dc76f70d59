import type { MqttClient } from 'mqtt';
import type { Link } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import type { Connection } from './connect.ts';
import { linkError } from './errors.ts';
import { createKeepAlive } from './keep-alive.ts';
import { createPendingAcks } from './pending-acks.ts';
import { createPublisher } from './publish.ts';
import { createSubscriber } from './subscribe.ts';

/** Reason code of the unit's own DISCONNECT (MQTT 5 section 3.14.2.1). */
const normalDisconnection = 0;
/** How long a broker gets to take DISCONNECT and close its end, milliseconds. */
const closeMs = 1500;

/** A link with the handle of its owner. */
export interface OwnedLink {
  readonly link: Link;
  /** The connection is gone: fails every call under way and every later one. */
  end(error: BrokerError): void;
}

/** How a link reaches its owner. */
export interface LinkOwner {
  /** Stops watching the client; called once, when the link ends. */
  readonly release: () => void;
  /** The broker owes an acknowledgement for too long: ends the link. */
  readonly onOverdue: (error: BrokerError) => void;
}

/** Sends DISCONNECT without waiting for what is under way, and waits a moment for the broker's end. */
const disconnect = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      client.stream.destroy();
      resolve();
    }, closeMs);
    // mqtt.js would wait for these before it sends DISCONNECT.
    for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
    client.end(false, () => {
      clearTimeout(timer);
      resolve();
    });
  });

/**
 * Makes the port's link over a connection.
 *
 * A broker that owes an acknowledgement for longer than `timeoutMs` has broken the link: the message may be sent again
 * on another link alone (MQTT-4.4.0-1), and holds its place in the broker's window for as long as this one lasts.
 */
export const createLink = (connection: Connection, { release, onOverdue }: LinkOwner): OwnedLink => {
  const { client, connack, options } = connection;
  const acks = createPendingAcks(options.timeoutMs, (what) =>
    onOverdue(linkError('timeout', options, `${what} within ${options.timeoutMs} ms`)),
  );
  const keepAlive = createKeepAlive(client);
  const publisher = createPublisher(connection, acks, keepAlive.onAck);
  const subscriber = createSubscriber(connection, acks);
  let ended: BrokerError | undefined;
  let closing: Promise<void> | undefined;
  const end = (error: BrokerError) => {
    if (ended) return;
    ended = error;
    publisher.stop();
    keepAlive.stop(error);
    release();
    acks.failAll(error);
  };
  /** Runs a call while the link is open; afterwards it fails with what ended the link. */
  const whileOpen =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      ended ? Promise.reject(linkError('closed', options, 'the link is closed', { cause: ended })) : call(...args);
  const close = async () => {
    if (ended) return;
    end(linkError('closed', options, 'the link was closed', { reasonCode: normalDisconnection }));
    await disconnect(client);
  };
  return {
    end,
    link: {
      version: options.version,
      sessionPresent: connack.sessionPresent,
      maximumPacketSize: connack.properties?.maximumPacketSize,
      subscribe: whileOpen(subscriber.subscribe),
      unsubscribe: whileOpen(subscriber.unsubscribe),
      publish: whileOpen(publisher.publish),
      publishNow: (topic, payload, retain) => ended === undefined && publisher.publishNow(topic, payload, retain),
      ping: whileOpen(keepAlive.ping),
      close: () => (closing ??= close()),
    },
  };
};
