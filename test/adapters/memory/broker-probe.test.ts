import { memoryBrokerProbe } from '../../../adapters/memory/broker-probe.ts';
import { brokerProbeContract } from '../../contracts/broker-probe.ts';

brokerProbeContract('memory', async () => {
  const probe = memoryBrokerProbe();
  return {
    probe,
    address: { scheme: 'mqtt', host: 'localhost', port: 1883 },
    silence: () => void probe.hold(),
    remove: () => {
      probe.isReachable = false;
    },
  };
});
