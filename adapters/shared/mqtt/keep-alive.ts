import type { MqttClient } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';

interface Ping {
  resolve(): void;
  reject(error: BrokerError): void;
}

/**
 * Keeps a connection alive: pings on request (MQTT section 3.12), and postpones mqtt.js's own pings.
 *
 * Any packet from the broker answers a ping. While the line is busy with a large message, none can: then the time of
 * its acknowledgement is what ends a dead link, and the ping is taken as answered.
 *
 * @param isCarrying Whether the line is busy with a large message.
 */
export const createKeepAlive = (
  client: Pick<MqttClient, 'stream' | 'sendPing' | 'reschedulePing'>,
  isCarrying: () => boolean,
) => {
  const { stream } = client;
  const pings: Ping[] = [];
  let isPutOff = false;
  const onData = () => {
    stream.off('data', onData);
    for (const { resolve } of pings.splice(0)) resolve();
  };
  const putOff = () => {
    isPutOff = false;
    client.reschedulePing(true);
  };
  return {
    ping: () =>
      new Promise<void>((resolve, reject) => {
        if (isCarrying()) {
          putOff();
          return resolve();
        }
        if (pings.length === 0) stream.on('data', onData);
        pings.push({ resolve, reject });
        client.sendPing();
      }),
    /** Call it for acknowledgements, once per batch: mqtt.js resets its timer each time. */
    onAck: () => {
      if (!isPutOff) queueMicrotask(putOff);
      isPutOff = true;
    },
    /** Fails pending pings after the connection ended. */
    stop: (error: BrokerError) => {
      stream.off('data', onData);
      for (const { reject } of pings.splice(0)) reject(error);
    },
  };
};
