import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';

let live: LiveUnit;
beforeEach(async () => {
  live = await createLiveUnit();
});
afterEach(() => live.stop());

test('an update needs no start before it', async () => {
  const commit = await live.addVersion('version 2');
  await live.instance.operator.sendCommand(live.row.uuid, 'Update');
  await live.client.performUpdate();
  expect(await live.read('program.txt')).toBe('version 2');
  expect(JSON.parse(await live.read('env.json'))).toMatchObject({ PU_COMMIT_VERSION: commit });
});

test('an update to the version that runs is skipped before the start too', async () => {
  let isSkipped = false;
  live.client.on('updateSkipped', () => (isSkipped = true));
  await live.client.performUpdate();
  expect(isSkipped).toBe(true);
});
