import type { MqttClient } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';

interface Ping {
  resolve(): void;
  reject(error: BrokerError): void;
}

/**
 * Keeps a connection alive: pings on request (MQTT section 3.12), and puts off the pings that mqtt.js sends by itself.
 *
 * Whatever the broker sends answers a ping, PINGRESP or not.
 */
export const createKeepAlive = (client: Pick<MqttClient, 'stream' | 'sendPing' | 'reschedulePing'>) => {
  const { stream } = client;
  let pings: Ping[] = [];
  let isPutOff = false;
  const takeAll = () => {
    const taken = pings;
    pings = [];
    return taken;
  };
  const onData = () => {
    if (pings.length > 0) for (const { resolve } of takeAll()) resolve();
  };
  const putOff = () => {
    isPutOff = false;
    client.reschedulePing(true);
  };
  stream.on('data', onData);
  return {
    ping: () =>
      new Promise<void>((resolve, reject) => {
        pings.push({ resolve, reject });
        client.sendPing();
      }),
    /** An acknowledgement came: once for all that come together, since mqtt.js sets its timer anew each time. */
    onAck: () => {
      if (!isPutOff) queueMicrotask(putOff);
      isPutOff = true;
    },
    /** The connection is gone: fails every ping under way. */
    stop: (error: BrokerError) => {
      stream.off('data', onData);
      for (const { reject } of takeAll()) reject(error);
    },
  };
};
