import type { IConnackPacket, IDisconnectPacket, MqttClient } from 'mqtt';
import type { Broker, Link, LinkListener, LinkOptions, MessageProperties } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import { maxInboundBytes, startClient } from './connect.ts';
import { connackError, disconnectError, linkError, transportError } from './errors.ts';
import { watchFrames } from './packet-size.ts';
import { mqttLink, type HeldLink } from './link.ts';

/**
 * Tells once how a connection ended, whichever of its signs comes first.
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
  client.on('error', onError).on('disconnect', onDisconnect).on('close', onClose);
  stream.on('error', onStreamError).on('data', onData);
  return () => {
    client.off('error', onError).off('disconnect', onDisconnect).off('close', onClose);
    stream.off('error', onStreamError).off('data', onData);
  };
};

const ignore: MqttClient['handleMessage'] = (_packet, done) => done();

/**
 * Hands each message to the listener. While that holds back what follows, mqtt.js parses nothing, so that its stream
 * fills up and the socket stands still; a browser's WebSocket can't, and memory takes what comes meanwhile.
 *
 * @returns Hands over nothing more, and lets the socket go on.
 */
const deliver = (client: MqttClient, listener: LinkListener): (() => void) => {
  let held: (() => void) | undefined;
  client.handleMessage = ({ topic, payload, retain, properties }, done) => {
    const settled = listener.onMessage(
      topic,
      payload as Uint8Array,
      retain,
      properties as MessageProperties | undefined,
    );
    if (!settled) return done();
    const goOn = () => {
      if (held !== goOn) return;
      held = undefined;
      done();
    };
    held = goOn;
    settled.then(goOn, goOn);
  };
  return () => {
    client.handleMessage = ignore;
    held?.();
  };
};

const open = (options: LinkOptions, listener: LinkListener, signal: AbortSignal): Promise<Link> =>
  new Promise((resolve, reject) => {
    const abortion = () => linkError('closed', options, 'the attempt was given up', { cause: signal.reason });
    if (signal.aborted) throw abortion();
    const client = startClient(options);
    let held: HeldLink | undefined;
    const stopAttempt = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const letGo = () => {
      unwatch();
      stopDelivery();
      client.off('connect', onConnect);
    };
    const fail = (error: BrokerError) => {
      stopAttempt();
      letGo();
      client.end(true);
      reject(error);
    };
    const onEnd = (error: BrokerError) => {
      if (!held) return fail(error);
      held.end(error);
      client.end(true);
      listener.onClosed(error);
    };
    const onConnect = (connack: IConnackPacket) => {
      stopAttempt();
      held = mqttLink({ client, connack, options, letGo, lose: onEnd });
      resolve(held.link);
    };
    const onAbort = () => fail(abortion());
    const stopDelivery = deliver(client, listener);
    const unwatch = watchEnd(client, options, () => held !== undefined, onEnd);
    const timer = setTimeout(
      () => fail(linkError('timeout', options, `no CONNACK within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    client.on('connect', onConnect);
  });

/**
 * Opens MQTT sessions over TCP, TLS and WebSocket.
 *
 * Each session has a client object of its own, which never connects twice; a browser has WebSocket alone.
 */
export const mqttBroker = (): Broker => ({ open });
