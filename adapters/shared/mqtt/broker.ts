import type { IConnackPacket, IDisconnectPacket, MqttClient } from 'mqtt';
import type { Broker, Link, LinkListener, LinkOptions } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import { connectClient, createClient, type OpenTcp } from './connect.ts';
import { connackError, disconnectError, linkError, notMqtt, transportError } from './errors.ts';
import { FastPath } from './fast/fast-path.ts';
import { createLink, type OwnedLink } from './link.ts';
import { maxInboundBytes, watchFrames } from './packet-size.ts';
import type { Unacknowledged } from './releases.ts';
import { watchUnasked } from './unasked-answers.ts';
import { maxUnreleased, noPacketId } from './unreleased-store.ts';

/**
 * Watches for the end of a connection and determines its cause; several signs may come.
 *
 * @returns Stops watching.
 */
const watchEnd = (
  client: MqttClient,
  options: LinkOptions,
  isOpen: () => boolean,
  onEnd: (error: BrokerError) => void,
): (() => void) => {
  const { stream } = client;
  const onError = (error: unknown) => {
    const { code } = error as { code?: unknown };
    onEnd(typeof code === 'number' && !isOpen() ? connackError(options, code, error) : transportError(options, error));
  };
  const onStreamError = (cause: Error) => {
    const { code } = cause as { code?: unknown };
    onEnd(
      typeof code === 'string'
        ? transportError(options, cause)
        : linkError('network', options, 'the connection failed', { cause }),
    );
  };
  const onDisconnect = ({ reasonCode }: IDisconnectPacket) => onEnd(disconnectError(options, reasonCode ?? 0));
  const onClose = () => onEnd(linkError('closed', options, 'the broker ended the connection'));
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
const start = (
  options: LinkOptions,
  listener: LinkListener,
  openTcp: OpenTcp | undefined,
  { onEnd, isOpen }: { onEnd(error: BrokerError): void; isOpen(): boolean },
) => {
  const faults = faultsOf(options, onEnd);
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
  const cleanups = [
    deliver(client, listener, faults.onMalformed),
    unasked.stop,
    fast ? () => fast.stopReading() : watchSizes(client, faults.onTooLarge),
    watchEnd(client, options, isOpen, onEnd),
  ];
  return { client, fast, cleanups };
};

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
    const watching = createCleanups();
    let opened: OwnedLink | undefined;
    const fail = (error: BrokerError) => {
      attempt.run();
      watching.run();
      client.end(true);
      reject(error);
    };
    let isEnded = false;
    const onEnd = (error: BrokerError) => {
      if (isEnded) return;
      isEnded = true;
      if (!opened) return fail(error);
      opened.end(error);
      client.end(true);
      listener.onClosed(error);
    };
    const onConnect = (connack: IConnackPacket) => {
      attempt.run();
      opened = createLink({ client, connack, options, fast }, { release: watching.run, onOverdue: onEnd, onSlow });
      resolve(opened.link);
    };
    const onSlow = () => listener.onSlow?.();
    const onAbort = () => fail(givenUp());
    const onTimeout = () => fail(linkError('timeout', options, `no CONNACK within ${options.timeoutMs} ms`));
    const { client, fast, cleanups } = start(options, listener, openTcp, { onEnd, isOpen: () => opened !== undefined });
    const timer = setTimeout(onTimeout, options.timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    client.on('connect', onConnect);
    attempt.add(
      () => clearTimeout(timer),
      () => signal.removeEventListener('abort', onAbort),
      () => client.off('connect', onConnect),
    );
    watching.add(...cleanups);
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
