import { describe } from 'vitest';
import { nodeTcp } from '../../../../adapters/node/tcp.ts';
import { mqttBroker } from '../../../../adapters/shared/mqtt/broker.ts';
import type { Broker, MqttVersion } from '../../../../services/broker.ts';
import { brokerContract, type BrokerBench } from '../../../contracts/broker.ts';
import { startAedes } from '../../../support/aedes-broker.ts';
import { describeWithMosquitto, startMosquitto } from '../../../support/mosquitto.ts';
import { startRecordingProxy } from '../../../support/recording-proxy.ts';

type Transport = 'mqtt' | 'ws';

/** The adapter, with its fast path or by the MQTT library alone. */
const brokerWith = (fastPath: boolean): Broker => ({
  open: (options, ...others) => mqttBroker(nodeTcp()).open({ ...options, fastPath }, ...others),
});

const onAedes = (transport: Transport, version: MqttVersion, fastPath: boolean) => async (): Promise<BrokerBench> => {
  const broker = await startAedes();
  const proxy = await startRecordingProxy(transport === 'ws' ? broker.webSocketPort : broker.port, version);
  const url = `${transport}://127.0.0.1:${proxy.port}`;
  return {
    broker: brokerWith(fastPath),
    url,
    cut: proxy.cut,
    stranger: { url, username: 'wrong' },
    deniedTopic: 'denied/pepeunit',
    takeOverCodes: version === 5 ? ['takenOver'] : ['closed'],
    stop: async () => {
      await proxy.stop();
      await broker.stop();
    },
  };
};

const onMosquitto =
  (transport: Transport, version: MqttVersion, fastPath: boolean) => async (): Promise<BrokerBench> => {
    const broker = await startMosquitto();
    const strict = await startMosquitto({
      lines: ['password_file %folder%/users'],
      files: { users: '' },
      anonymous: false,
    });
    const proxy = await startRecordingProxy(transport === 'ws' ? broker.webSocketPort : broker.port, version);
    return {
      broker: brokerWith(fastPath),
      url: `${transport}://127.0.0.1:${proxy.port}`,
      cut: proxy.cut,
      stranger: { url: `mqtt://127.0.0.1:${strict.port}`, username: 'a-token-of-no-one' },
      // Whether its DISCONNECT gets out before it closes is a matter of luck.
      takeOverCodes: version === 5 ? ['takenOver', 'closed'] : ['closed'],
      stop: async () => {
        await proxy.stop();
        await Promise.all([broker.stop(), strict.stop()]);
      },
    };
  };

describe.each([true, false])('with the fast path: %s', (fastPath) => {
  describe.each([4, 5] as const)('aedes over TCP, MQTT level %i', (version) => {
    brokerContract(version, onAedes('mqtt', version, fastPath));
  });
  describe.each([4, 5] as const)('aedes over WebSocket, MQTT level %i', (version) => {
    brokerContract(version, onAedes('ws', version, fastPath));
  });
  describeWithMosquitto('mosquitto over TCP, MQTT 3.1.1', () => {
    brokerContract(4, onMosquitto('mqtt', 4, fastPath));
  });
  describeWithMosquitto('mosquitto over TCP, MQTT 5', () => {
    brokerContract(5, onMosquitto('mqtt', 5, fastPath));
  });
  describeWithMosquitto('mosquitto over WebSocket, MQTT 5', () => {
    brokerContract(5, onMosquitto('ws', 5, fastPath));
  });
});
