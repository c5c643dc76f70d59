import { expect, test } from 'vitest';
import type { JsonObject } from '../../../services/json.ts';
import {
  isOnline,
  isRestored,
  keptPath,
  later,
  pass,
  sent,
  tryWrong,
  unitWith,
  warnings,
} from '../../support/env-trial.ts';
import { until } from '../../support/until.ts';

test.each<[string, JsonObject]>([
  ['PU_DOMAIN', { PU_DOMAIN: 'wrong.test' }],
  ['PU_APP_PREFIX', { PU_APP_PREFIX: '/wrong' }],
])('an env whose %s alone is wrong gives way to the one before, which answers (U23)', async (name, change) => {
  const unit = await tryWrong(change);
  expect(isOnline(unit)).toBe(true);
  await later(unit, () => isRestored(unit));
  expect(isOnline(unit), 'the link was never left').toBe(true);
  expect(unit.client.settings).toMatchObject({ PU_DOMAIN: 'simulated.test', PU_APP_PREFIX: '/pepeunit' });
  expect(warnings(unit).find((text) => text.startsWith('The env before'))).toContain(name);
  await expect(unit.client.downloadEnv()).rejects.toMatchObject({ code: 'failedBefore' });
  await unit.client.stopMainCycle();
});

test('an instance that moves is followed: the new address answers, and the trial is over (U23)', async () => {
  const unit = unitWith();
  await unit.client.ready();
  unit.addresses.add('https://moved.test/pepeunit/api/v1');
  sent(unit, { PU_DOMAIN: 'moved.test' });
  await unit.client.downloadEnv();
  await until(async () => !(await unit.world.storage.exists(keptPath)));
  await pass(unit, 400);
  expect(unit.client.settings.PU_DOMAIN).toBe('moved.test');
  expect(isRestored(unit)).toBe(false);
  await unit.client.stopMainCycle();
});

test('the trial waits while the instance answers at neither address (U23)', async () => {
  const unit = await tryWrong({ PU_DOMAIN: 'moved.test' });
  unit.addresses.clear();
  await pass(unit, 600);
  expect(isRestored(unit)).toBe(false);
  unit.addresses.add('https://moved.test/pepeunit/api/v1');
  await later(unit, async () => !(await unit.world.storage.exists(keptPath)));
  expect(unit.client.settings.PU_DOMAIN).toBe('moved.test');
  await unit.client.stopMainCycle();
});
