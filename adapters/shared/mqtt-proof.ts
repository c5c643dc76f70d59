import type { MqttClient } from 'mqtt';
import type { BrokerError } from '../../services/errors.ts';

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
    prove: () =>
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
