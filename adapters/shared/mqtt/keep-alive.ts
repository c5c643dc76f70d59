import type { MqttClient } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';

interface Waiting {
  resolve(): void;
  reject(error: BrokerError): void;
}

/** Asks the broker for signs of life: anything that it sends is one, PINGRESP or not. */
export const prover = (client: Pick<MqttClient, 'stream' | 'sendPing'>) => {
  const { stream } = client;
  let asked: Waiting[] = [];
  const taken = () => {
    const all = asked;
    asked = [];
    return all;
  };
  const onData = () => {
    if (asked.length > 0) for (const { resolve } of taken()) resolve();
  };
  stream.on('data', onData);
  return {
    ping: () =>
      new Promise<void>((resolve, reject) => {
        asked.push({ resolve, reject });
        client.sendPing();
      }),
    /** The connection is gone: fails whatever waits. */
    stopProving: (error: BrokerError) => {
      stream.off('data', onData);
      for (const { reject } of taken()) reject(error);
    },
  };
};

/**
 * Takes acknowledgements for signs of life, so that no PINGREQ is due: once for all that come together, because mqtt.js
 * sets its timer anew each time.
 */
export const lifeSigns = (client: Pick<MqttClient, 'reschedulePing'>) => {
  let isTold = false;
  const tell = () => {
    isTold = false;
    client.reschedulePing(true);
  };
  return () => {
    if (!isTold) queueMicrotask(tell);
    isTold = true;
  };
};
