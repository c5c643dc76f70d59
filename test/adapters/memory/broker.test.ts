import { describe } from 'vitest';
import { memoryBroker } from '../../../adapters/memory/broker.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { MqttVersion } from '../../../services/broker.ts';
import { brokerContract, type BrokerBench } from '../../contracts/broker.ts';

const inMemory = (version: MqttVersion) => async (): Promise<BrokerBench> => {
  const broker = memoryBroker();
  broker.deny('denied/pepeunit');
  return {
    broker,
    url: 'mqtt://memory',
    cut: () => broker.cut(new BrokerError('closed', 'cut')),
    deniedTopic: 'denied/pepeunit',
    tellsTakeOver: version === 5,
    stop: async () => undefined,
  };
};

describe.each<MqttVersion>([4, 5])('in memory, version %i', (version) => {
  brokerContract(version, inMemory(version));
});
