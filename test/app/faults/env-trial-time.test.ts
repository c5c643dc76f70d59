import { expect, test } from 'vitest';
import { memoryStorage } from '../../../adapters/memory/storage.ts';
import { RestError } from '../../../services/errors.ts';
import {
  documentsOf,
  isOnline,
  isRestored,
  keptPath,
  later,
  pass,
  tryWrong,
  unitWith,
} from '../../support/env-trial.ts';
import { until } from '../../support/until.ts';

test('the time of a trial goes on over restarts of the program, however early each ends (U23, X3)', async () => {
  const first = await tryWrong({ PU_MQTT_HOST: 'wrong.test' });
  let documents = documentsOf(first);
  await first.client.stopMainCycle();
  let starts = 0;
  for (let isBack = false; !isBack; starts += 1) {
    expect(starts).toBeLessThan(12);
    const storage = memoryStorage(documents);
    const unit = unitWith(storage);
    void unit.client.runMainCycle();
    await until(() => unit.client.settings.PU_MQTT_HOST);
    await pass(unit, 10);
    // What a kill leaves: the documents as they are.
    documents = documentsOf(unit, storage);
    isBack = unit.client.settings.PU_MQTT_HOST === 'localhost';
    await unit.client.stopMainCycle();
  }
  expect(starts).toBeGreaterThan(4);
});

test('refreshes that fail do not prolong a trial (U23)', async () => {
  const unit = await tryWrong({ PU_MQTT_HOST: 'wrong.test' });
  for (let refreshes = 0; refreshes < 10 && !isRestored(unit); refreshes += 1) {
    unit.world.http.fail('getEnv', new RestError('status', 'Not now.', { status: 500 }));
    await unit.client.downloadEnv().catch(() => undefined);
    await pass(unit, 40);
  }
  expect(isRestored(unit)).toBe(true);
  await unit.client.stopMainCycle();
});

test('a good link that opens during a refresh is confirmed at once (U23)', async () => {
  const unit = await tryWrong({ PU_MQTT_HOST: 'right.test' });
  unit.world.http.delay('getEnv', 50_000);
  const refreshed = unit.client.downloadEnv();
  unit.hosts.add('right.test');
  let isRefreshed = false;
  void refreshed.then(() => (isRefreshed = true));
  await later(unit, async () => isOnline(unit) && !(await unit.world.storage.exists(keptPath)));
  expect(isRefreshed).toBe(false);
  await later(unit, () => isRefreshed);
  expect(await unit.world.storage.exists(keptPath)).toBe(false);
  expect(unit.client.settings.PU_MQTT_HOST).toBe('right.test');
  await unit.client.stopMainCycle();
});
