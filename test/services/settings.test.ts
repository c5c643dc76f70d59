import { expect, test } from 'vitest';
import { parseEnv } from '../../services/env.ts';
import { envHolder } from '../../services/settings.ts';
import { envDocument } from '../support/env.ts';

test.each([
  [20, 60, 20_000],
  [20, 0, 20_000],
  [60, 60, 45_000],
  [20, 10, 7500],
  [1, 1, 750],
])('M4: a ping each %i s at a keep-alive of %i s: each %i ms', (ping, keepalive, pingIntervalMs) => {
  const env = parseEnv(envDocument({ PU_MQTT_PING_INTERVAL: ping, PU_MQTT_KEEPALIVE: keepalive }));
  expect(envHolder().adopt(env).pingIntervalMs).toBe(pingIntervalMs);
});
