import type { MqttClient } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';

interface Ping {
  resolve(): void;
  reject(error: BrokerError): void;
}

/**
 * Keeps a connection alive: pings on request (MQTT section 3.12), and postpones mqtt.js's own pings.
 *
 * Any packet from the broker answers a ping.
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
    /** Call it for acknowledgements, once per batch: mqtt.js resets its timer each time. */
    onAck: () => {
      if (!isPutOff) queueMicrotask(putOff);
      isPutOff = true;
    },
    /** Fails pending pings after the connection ended. */
    stop: (error: BrokerError) => {
      stream.off('data', onData);
      for (const { reject } of takeAll()) reject(error);
    },
  };
};
