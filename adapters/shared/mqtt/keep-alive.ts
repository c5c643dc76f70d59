import type { MqttClient, Packet } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';
import type { PendingAck, PendingAcks } from './pending-acks.ts';

interface Ping {
  resolve(): void;
  reject(error: BrokerError): void;
}

const ignore = (): void => undefined;

/** How much later than an acknowledgement mqtt.js may take the line for silent: a twentieth of the keep-alive. */
const perKeepAliveMs = 1000 / 20;

/**
 * Follows every PINGREQ on its way, those of mqtt.js too: brokers answer in order, so that a PINGRESP tells what they have
 * had.
 */
const followPings = (client: Pick<MqttClient, 'on' | 'off' | 'sendPing'>, acks: PendingAcks) => {
  const onAnswers: (() => void)[] = [];
  let marker: PendingAck | undefined;
  const onSent = ({ cmd }: Packet) => {
    if (cmd !== 'pingreq') return;
    const [timed, onAnswer] = [marker, acks.here()];
    onAnswers.push(() => {
      if (timed) acks.settle(timed);
      onAnswer();
    });
  };
  const onReceived = ({ cmd }: Packet) => {
    if (cmd === 'pingresp') onAnswers.shift()?.();
  };
  client.on('packetsend', onSent).on('packetreceive', onReceived);
  return {
    mark: () => {
      if (marker?.isOpen) return;
      marker = acks.expect('a PINGREQ behind messages of QoS 0 was not answered', 0, ignore, ignore);
      client.sendPing();
    },
    stop: () => void client.off('packetsend', onSent).off('packetreceive', onReceived),
  };
};

/**
 * Keeps a connection alive: pings on request (MQTT section 3.12), and postpones mqtt.js's own pings.
 *
 * Any packet from the broker answers a ping. While the line is busy with a large message, none can: then the time of
 * its acknowledgement is what ends a dead link, and the ping is taken as answered.
 *
 * @param acks Know whether the line is busy.
 */
export const createKeepAlive = (
  client: Pick<MqttClient, 'stream' | 'keepalive' | 'sendPing' | 'reschedulePing' | 'on' | 'off'>,
  acks: PendingAcks,
) => {
  const { stream } = client;
  const pings: Ping[] = [];
  const followed = followPings(client, acks);
  let putOffMs = -Infinity;
  let isAcknowledged = false;
  const onData = () => {
    stream.off('data', onData);
    for (const { resolve } of pings.splice(0)) resolve();
  };
  const putOff = () => {
    putOffMs = performance.now();
    client.reschedulePing(true);
  };
  return {
    ping: () =>
      new Promise<void>((resolve, reject) => {
        if (acks.isCarrying()) {
          putOff();
          return resolve();
        }
        if (pings.length === 0) stream.on('data', onData);
        pings.push({ resolve, reject });
        client.sendPing();
      }),
    /** Sends a PINGREQ behind messages of QoS 0, so that there is an answer to time them by; one at a time. */
    mark: followed.mark,
    /** Call it for each acknowledgement. */
    onAck: () => {
      isAcknowledged = true;
    },
    /** Call it when bytes have been read. mqtt.js makes a timer anew each time, which is done now and then. */
    onRead: () => {
      if (!isAcknowledged) return;
      isAcknowledged = false;
      if (performance.now() - putOffMs >= client.keepalive * perKeepAliveMs) putOff();
    },
    /** Fails pending pings after the connection ended. */
    stop: (error: BrokerError) => {
      followed.stop();
      stream.off('data', onData);
      for (const { reject } of pings.splice(0)) reject(error);
    },
  };
};
