import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing/unit.ts';

const parts = [
  'logger',
  'mqttClient',
  'restClient',
  'timeManager',
  'wifiManager',
  'fileManager',
  'cipher',
  'settings',
  'schema',
] as const;

test.each(parts)('%s is one object from its first use on, also after the start', async (part) => {
  const unit = createTestUnit();
  const first = unit.client[part];
  await unit.client.ready();
  expect(unit.client[part]).toBe(first);
  await unit.client.stopMainCycle();
  expect(unit.client[part]).toBe(first);
});

test('the functions of a part work by themselves', async () => {
  const unit = createTestUnit();
  const { getEpochMs } = unit.client.timeManager;
  const { isWifiLinked } = unit.client.wifiManager;
  const { fileExists } = unit.client.fileManager;
  const { getTargetVersion } = unit.client.restClient;
  await unit.client.ready();
  expect(getEpochMs()).toBeGreaterThan(0);
  await expect(isWifiLinked()).resolves.toBeTypeOf('boolean');
  await expect(fileExists('env.json')).resolves.toBe(true);
  await expect(getTargetVersion()).resolves.toHaveProperty('commit');
  await unit.client.stopMainCycle();
});
