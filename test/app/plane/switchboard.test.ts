import { expect, test } from 'vitest';
import { brokerUrl } from '../../../app/plane/switchboard.ts';
import { parseEnv } from '../../../services/env.ts';
import { envDocument } from '../../support/env.ts';

test.each([
  ['broker.test', 1883, 'mqtt://broker.test:1883'],
  ['broker.test', 8883, 'mqtts://broker.test:8883'],
  ['10.0.0.1', 1884, 'mqtt://10.0.0.1:1884'],
  ['::1', 1883, 'mqtt://[::1]:1883'],
  ['fe80::1', 8883, 'mqtts://[fe80::1]:8883'],
  ['[::1]', 1883, 'mqtt://[::1]:1883'],
])('the broker at %s, port %i, is %s', (host, port, url) => {
  expect(brokerUrl(parseEnv(envDocument({ PU_MQTT_HOST: host, PU_MQTT_PORT: port })))).toBe(url);
});

test('TLS options ask for TLS, whatever the port', () => {
  expect(brokerUrl(parseEnv(envDocument()), {})).toBe('mqtts://127.0.0.1:1883');
});
