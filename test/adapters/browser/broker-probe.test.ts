import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { browserBrokerProbe } from '../../../adapters/browser/broker-probe.ts';
import { brokerProbeContract } from '../../contracts/broker-probe.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { later } from '../../support/mqtt.ts';

beforeEach(() => void vi.stubGlobal('WebSocket', WebSocket));
afterEach(() => void vi.unstubAllGlobals());

describeWithMosquitto('mosquitto over WebSocket', () => {
  brokerProbeContract('browser', async () => {
    const broker = later(await startMosquitto({ anonymous: false }));
    return {
      probe: browserBrokerProbe(),
      address: { scheme: 'ws', host: '127.0.0.1', port: broker.webSocketPort, path: '/mqtt' },
      silence: () => broker.signal('SIGSTOP'),
      remove: () => broker.stop(),
    };
  });
});

test('a page finds no broker behind a plain socket', async () => {
  const address = { scheme: 'mqtt', host: '127.0.0.1', port: 1883 } as const;
  expect(await browserBrokerProbe().isThere(address, new AbortController().signal)).toBe(false);
});
