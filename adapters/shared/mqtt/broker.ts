import type { IConnackPacket, IDisconnectPacket, MqttClient } from 'mqtt';
import type { Broker, Link, LinkListener, LinkOptions } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import { startClient, type OpenTcp } from './connect.ts';
import { connackError, disconnectError, linkError, transportError } from './errors.ts';
import { createLink, type OwnedLink } from './link.ts';
import { maxInboundBytes, watchFrames } from './packet-size.ts';
import { watchUnasked } from './unasked-answers.ts';
import { maxUnreleased } from './unreleased-store.ts';

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
  const onData = watchFrames(maxInboundBytes, (length) =>
    onEnd(linkError('malformed', options, `a packet of ${length} bytes is over the limit of ${maxInboundBytes}`)),
  );
  const stopCounting = watchUnasked(client, () =>
    onEnd(linkError('malformed', options, 'the broker floods the link with answers that nobody asked for')),
  );
  client.on('error', onError).on('disconnect', onDisconnect).on('close', onClose);
  stream.on('error', onStreamError).on('data', onData);
  return () => {
    stopCounting();
    client.off('error', onError).off('disconnect', onDisconnect).off('close', onClose);
    stream.off('error', onStreamError).off('data', onData);
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
const deliver = (client: MqttClient, listener: LinkListener): (() => void) => {
  let resume: (() => void) | undefined;
  const inTurn = createTurns();
  client.handleMessage = ({ topic, payload, retain, properties }, done) => {
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

const open = (
  options: LinkOptions,
  listener: LinkListener,
  signal: AbortSignal,
  openTcp: OpenTcp | undefined,
): Promise<Link> =>
  new Promise((resolve, reject) => {
    const givenUp = () => linkError('closed', options, 'the attempt was given up', { cause: signal.reason });
    if (signal.aborted) throw givenUp();
    const onUnreleased = () =>
      onEnd(
        linkError('malformed', options, `the broker does not release its messages of QoS 2, beyond ${maxUnreleased}`),
      );
    const client = startClient(options, openTcp, onUnreleased);
    const attempt = createCleanups();
    const watching = createCleanups();
    let opened: OwnedLink | undefined;
    const fail = (error: BrokerError) => {
      attempt.run();
      watching.run();
      client.end(true);
      reject(error);
    };
    const onEnd = (error: BrokerError) => {
      if (!opened) return fail(error);
      opened.end(error);
      client.end(true);
      listener.onClosed(error);
    };
    const onConnect = (connack: IConnackPacket) => {
      attempt.run();
      opened = createLink({ client, connack, options }, { release: watching.run, onOverdue: onEnd, onSlow });
      resolve(opened.link);
    };
    const onSlow = () => listener.onSlow?.();
    const onAbort = () => fail(givenUp());
    const onTimeout = () => fail(linkError('timeout', options, `no CONNACK within ${options.timeoutMs} ms`));
    const timer = setTimeout(onTimeout, options.timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    client.on('connect', onConnect);
    attempt.add(
      () => clearTimeout(timer),
      () => signal.removeEventListener('abort', onAbort),
      () => client.off('connect', onConnect),
    );
    watching.add(
      deliver(client, listener),
      watchEnd(client, options, () => opened !== undefined, onEnd),
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
