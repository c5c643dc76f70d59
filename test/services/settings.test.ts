import { expect, test } from 'vitest';
import { memoryStorage } from '../../adapters/memory/storage.ts';
import { parseEnv } from '../../services/env.ts';
import type { Rest } from '../../services/rest.ts';
import { downloadEnv, envHolder } from '../../services/settings.ts';
import { envDocument } from '../support/documents.ts';

test.each([
  [20, 60, 20_000],
  [20, 0, 20_000],
  [60, 60, 45_000],
  [20, 10, 7500],
  [1, 1, 750],
])('a ping each %i s at a keep-alive of %i s: each %i ms (M4)', (ping, keepalive, pingIntervalMs) => {
  const env = parseEnv(envDocument({ PU_MQTT_PING_INTERVAL: ping, PU_MQTT_KEEPALIVE: keepalive }));
  expect(envHolder().adopt(env).pingIntervalMs).toBe(pingIntervalMs);
});

test.each([
  ['aaaa', 'aaaa'],
  ['', 'bbbb'],
])('a new env beside the program of version "%s" is of version "%s" (U2)', async (inPlace, version) => {
  const old = envDocument({ PU_COMMIT_VERSION: inPlace });
  const storage = memoryStorage({ 'env.json': old });
  const sent = envDocument({ PU_COMMIT_VERSION: 'bbbb', PU_MQTT_PORT: 1999 });
  const rest = { getEnv: () => Promise.resolve(sent) } as unknown as Rest;
  const env = await downloadEnv(
    { storage, rest, path: 'env.json', before: parseEnv(old) },
    new AbortController().signal,
  );
  expect(env.reserved).toMatchObject({ PU_COMMIT_VERSION: version, PU_MQTT_PORT: 1999 });
  expect(await storage.readJson('env.json')).toEqual({ ...sent, PU_COMMIT_VERSION: version });
});
