import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

const failsOnce = `
import { existsSync, writeFileSync } from 'node:fs';
client.on('online', () => {
  if (existsSync(at('failed'))) return;
  writeFileSync(at('failed'), '');
  client.actor.system._relay(undefined, client.actor, { type: 'settings.loaded' });
});`;

test.each([
  ['runs its main cycle', ''],
  ['catches what its main cycle throws', 'client.runMainCycle = async () => { await client.ready(); };'],
])('a unit that %s is started again when its root machine fails (X6)', async (name, more) => {
  const unit = await createSupervisedUnit(yard, name, { label: 'v1', before: failsOnce + more });
  unit.run();
  await unit.waitFor(
    'a second start that is online',
    () => unit.said().filter(({ said }) => said === 'online').length === 2,
  );
  const ends = unit.told().filter(({ type }) => type === 'ended');
  expect(ends).toEqual([{ type: 'ended', code: expect.any(Number), signal: null }]);
  expect(ends).not.toMatchObject([{ code: 0 }]);
  await unit.waitFor('the news', () =>
    unit.log().some((line) => /Critical: The unit's root machine failed/.test(line)),
  );
  await unit.stop();
});
