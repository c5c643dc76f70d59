import type { MqttClient } from 'mqtt';
import type { Link } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import type { Connection } from './connect.ts';
import { closedError, linkError } from './errors.ts';
import { KeepAlive } from './keep-alive.ts';
import { PendingAcks } from './pending-acks.ts';
import { LinkPublisher } from './publish.ts';
import { createSubscriber } from './subscribe.ts';

/** Reason code of the unit's own DISCONNECT (MQTT 5 section 3.14.2.1). */
const normalDisconnection = 0;
/** Time for the broker to take DISCONNECT and close its end, milliseconds. */
const closeMs = 1500;

/** A link, and its owner's handle to end it. */
export interface OwnedLink {
  readonly link: Link;
  /** Fails every pending and later call, after the connection ended. */
  end(error: BrokerError): void;
}

/** Callbacks of a link to its owner. */
export interface LinkOwner {
  /** Stops watching the client; called once, when the link ends. */
  readonly release: () => void;
  /** Ends the link when an acknowledgement is overdue. */
  readonly onOverdue: (error: BrokerError) => void;
  /** Called now and then while the line is slow. */
  readonly onSlow: () => void;
}

/** Reads on to the end of the connection, and makes nothing of what comes: a flood of packets would delay a stop. */
const readBlindly = ({ stream }: MqttClient): void => {
  stream.unpipe();
  stream.resume();
};

/** Sends DISCONNECT without waiting for pending work, then briefly waits for the broker to close. */
const disconnect = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      client.stream.destroy();
      resolve();
    }, closeMs);
    // mqtt.js would wait for these before DISCONNECT.
    for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
    client.end(false, () => {
      clearTimeout(timer);
      resolve();
    });
  });

/**
 * Creates the port's link over a connection.
 *
 * An acknowledgement that takes longer than `timeoutMs`, and than the line may need, breaks the link: its message may
 * only be sent again on another link (MQTT-4.4.0-1), and occupies the broker's window until then.
 */
export const createLink = (connection: Connection, { release, onOverdue, onSlow }: LinkOwner): OwnedLink => {
  const { client, connack, options } = connection;
  const acks = new PendingAcks(options.timeoutMs, {
    onOverdue: (what, allowedMs) =>
      onOverdue(linkError('timeout', options, `${what} within ${Math.round(allowedMs)} ms`)),
    onSlow,
  });
  const { stream } = client;
  const keepAlive = new KeepAlive(client, acks);
  const onData = () => {
    acks.moved();
    keepAlive.onRead();
  };
  stream.on('data', onData);
  const publisher = new LinkPublisher(connection, acks, keepAlive);
  const subscriber = createSubscriber(connection, acks);
  let ended: BrokerError | undefined;
  let closing: Promise<void> | undefined;
  const end = (error: BrokerError) => {
    if (ended) return;
    ended = error;
    stream.off('data', onData);
    publisher.stop(error);
    keepAlive.stop(error);
    release();
    acks.failAll(error);
  };
  /** Runs a call while the link is open; afterwards fails with the error that ended the link. */
  const whileOpen =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> => {
      if (ended) return Promise.reject(closedError(options, ended));
      publisher.count();
      return call(...args);
    };
  const close = async () => {
    if (ended) return;
    end(linkError('closed', options, 'the link was closed', { reasonCode: normalDisconnection }));
    readBlindly(client);
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
      publish: (...message) => publisher.publish(...message),
      deliver: (topic, payload, qos, retain, outcome) => publisher.deliver(topic, payload, qos, retain, outcome),
      publishNow: (topic, payload, retain) => publisher.publishNow(topic, payload, retain),
      ping: whileOpen(() => keepAlive.ping()),
      close: () => (closing ??= close()),
    },
  };
};
