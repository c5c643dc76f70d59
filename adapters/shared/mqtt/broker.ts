import type { IConnackPacket, IDisconnectPacket, MqttClient } from 'mqtt';
import type { Broker, Link, LinkListener, LinkOptions } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import { connectClient, createClient, type Connection, type OpenTcp } from './connect.ts';
import { connackError, disconnectError, linkError, notMqtt, transportError } from './errors.ts';
import { FastPath } from './fast/fast-path.ts';
import { createLink } from './link.ts';
import { maxInboundBytes, watchFrames } from './packet-size.ts';
import type { Unacknowledged } from './releases.ts';
import { watchUnasked } from './unasked-answers.ts';
import { maxUnreleased, noPacketId } from './unreleased-store.ts';

/** Tells the end of a connection once, to whoever has it then: the attempt, and later the link. */
class Ending {
  #onEnd: ((error: BrokerError) => void) | undefined;
  /** Whether the connection is a link's. */
  isOpen = false;
  readonly tell = (error: BrokerError): void => {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(error);
  };

  constructor(onFailed: (error: BrokerError) => void) {
    this.#onEnd = onFailed;
  }

  /** The connection is open: from now on its end is the link's. */
  passTo(onEnd: (error: BrokerError) => void): void {
    this.isOpen = true;
    this.#onEnd = onEnd;
  }
}

/**
 * Watches for the end of a connection and determines its cause; several signs may come.
 *
 * @returns Stops watching.
 */
const watchEnd = (client: MqttClient, options: LinkOptions, ending: Ending): (() => void) => {
  const { stream } = client;
  const onError = (error: unknown) => {
    const { code } = error as { code?: unknown };
    const isRefusal = typeof code === 'number' && !ending.isOpen;
    ending.tell(isRefusal ? connackError(options, code, error) : transportError(options, error));
  };
  const onStreamError = (cause: Error) => {
    const { code } = cause as { code?: unknown };
    ending.tell(
      typeof code === 'string'
        ? transportError(options, cause)
        : linkError('network', options, 'the connection failed', { cause }),
    );
  };
  const onDisconnect = ({ reasonCode }: IDisconnectPacket) => ending.tell(disconnectError(options, reasonCode ?? 0));
  const onClose = () => ending.tell(linkError('closed', options, 'the broker ended the connection'));
  client.on('error', onError).on('disconnect', onDisconnect).on('close', onClose);
  stream.on('error', onStreamError);
  return () => {
    client.off('error', onError).off('disconnect', onDisconnect).off('close', onClose);
    stream.off('error', onStreamError);
  };
};

const ignore: MqttClient['handleMessage'] = (_packet, done) => done();

/** Messages that are handled in one turn of the event loop. */
const perTurn = 64;

/** Lets timers and signals have their turn between many messages, as mqtt.js would not. */
const createTurns = () => {
  let count = 0;
  return (done: () => void) => {
    count = (count + 1) % perTurn;
    if (count === 0 && typeof setImmediate === 'function') setImmediate(done);
    else done();
  };
};

/**
 * Passes each message to the listener. While the listener pauses, mqtt.js parses nothing: its stream fills up and the
 * socket stops reading. A browser's WebSocket can't pause, so data collects in memory.
 *
 * @returns Drops further messages and resumes the socket.
 */
const deliver = (client: MqttClient, listener: LinkListener, onMalformed: () => void): (() => void) => {
  let resume: (() => void) | undefined;
  const inTurn = createTurns();
  client.handleMessage = ({ topic, payload, retain, properties, messageId }, done) => {
    if (messageId === noPacketId) return onMalformed();
    const settled = listener.onMessage(topic, payload as Uint8Array, retain, properties);
    if (!settled) return inTurn(done);
    const goOn = () => {
      if (resume !== goOn) return;
      resume = undefined;
      done();
    };
    resume = goOn;
    settled.then(goOn, goOn);
  };
  return () => {
    client.handleMessage = ignore;
    resume?.();
  };
};

/** Cleanups that run together, once. */
const createCleanups = () => {
  const cleanups: (() => void)[] = [];
  return {
    add: (...added: (() => void)[]) => void cleanups.push(...added),
    run: () => {
      for (const cleanup of cleanups.splice(0)) cleanup();
    },
  };
};

/** Watches the sizes of inbound packets. @returns Stops watching. */
const watchSizes = ({ stream }: MqttClient, onTooLarge: (length: number) => void): (() => void) => {
  const onData = watchFrames(maxInboundBytes, onTooLarge);
  stream.on('data', onData);
  return () => void stream.off('data', onData);
};

/** What ends a link besides its connection. */
const faultsOf = (options: LinkOptions, onEnd: (error: BrokerError) => void) => {
  const endBy = (what: string) => onEnd(linkError('malformed', options, what));
  return {
    onUnreleased: () => endBy(`the broker does not release its messages of QoS 2, beyond ${maxUnreleased}`),
    onFlood: () => endBy('the broker floods the link with answers that nobody asked for'),
    onTooLarge: (length: number) => endBy(`a packet of ${length} bytes is over the limit of ${maxInboundBytes}`),
    onMalformed: () => endBy(notMqtt),
  };
};

/** Starts a client, and all that reads and watches it. @returns The client, its fast path, and what stops the watching. */
const start = (options: LinkOptions, listener: LinkListener, openTcp: OpenTcp | undefined, ending: Ending) => {
  const faults = faultsOf(options, ending.tell);
  const client = createClient(options, openTcp, { ...faults, isIdInUse: (id) => fast?.isInUse(id) ?? false });
  const unasked = watchUnasked(client, faults.onFlood);
  const fast =
    options.fastPath === false
      ? undefined
      : new FastPath<Unacknowledged>(client, {
          ...faults,
          version: options.version,
          onMessage: (...message) => listener.onMessage(...message),
          onHandedOver: unasked.asked,
        });
  connectClient(client, options);
  const watching = createCleanups();
  watching.add(
    deliver(client, listener, faults.onMalformed),
    unasked.stop,
    fast ? () => fast.stopReading() : watchSizes(client, faults.onTooLarge),
    watchEnd(client, options, ending),
  );
  return { client, fast, stopWatching: watching.run };
};

/** Makes the link of a connection that is open. */
const linkOf = (
  { client, connack, options, fast }: Connection,
  listener: LinkListener,
  ending: Ending,
  release: () => void,
): Link => {
  const { link, end } = createLink(
    { client, connack, options, fast },
    { release, onOverdue: ending.tell, onSlow: () => listener.onSlow?.() },
  );
  ending.passTo((error) => {
    end(error);
    client.end(true);
    listener.onClosed(error);
  });
  return link;
};

/** Opens a link. What only the attempt needs goes with it: a program may hold thousands of links. */
const open = (
  options: LinkOptions,
  listener: LinkListener,
  signal: AbortSignal,
  openTcp: OpenTcp | undefined,
): Promise<Link> =>
  new Promise((resolve, reject) => {
    const givenUp = () => linkError('closed', options, 'the attempt was given up', { cause: signal.reason });
    if (signal.aborted) throw givenUp();
    const attempt = createCleanups();
    const ending = new Ending((error) => {
      attempt.run();
      stopWatching();
      client.end(true);
      reject(error);
    });
    const { client, fast, stopWatching } = start(options, listener, openTcp, ending);
    const onConnect = (connack: IConnackPacket) => {
      attempt.run();
      resolve(linkOf({ client, connack, options, fast }, listener, ending, stopWatching));
    };
    const onAbort = () => ending.tell(givenUp());
    const onTimeout = () => ending.tell(linkError('timeout', options, `no CONNACK within ${options.timeoutMs} ms`));
    const timer = setTimeout(onTimeout, options.timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    client.on('connect', onConnect);
    attempt.add(
      () => clearTimeout(timer),
      () => signal.removeEventListener('abort', onAbort),
      () => client.off('connect', onConnect),
    );
  });

/**
 * Opens MQTT sessions over TCP, TLS and WebSocket.
 *
 * Each session has its own client object, which never reconnects; a browser supports WebSocket alone.
 *
 * @param openTcp Opens the transport of `mqtt:`. By default mqtt.js does, which takes longer.
 */
export const mqttBroker = (openTcp?: OpenTcp): Broker => ({
  open: (options, listener, signal) => open(options, listener, signal, openTcp),
});
