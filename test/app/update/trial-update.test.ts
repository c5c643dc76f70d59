import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';

test('an update to the version that is on trial is done once that is confirmed', async () => {
  const proofs: (() => void)[] = [];
  const { client, world } = createTestUnit({
    env: { PU_COMMIT_VERSION: 'second' },
    update: { ready: () => new Promise<void>((resolve) => void proofs.push(resolve)) },
  });
  const trial = { from: 'first', to: 'second', starts: 1, maxStarts: 3, healthyWithinMs: 60_000 };
  world.firmware.recover = async () => ({ phase: 'trial', trial });
  world.http.documents.targetVersion = { commit: 'second', tag: null };
  let isConfirmed = false;
  client.on('updateConfirmed', () => (isConfirmed = true));
  await client.ready();
  const updated = client.performUpdate();
  await client.restClient.getTargetVersion();
  expect(isConfirmed).toBe(false);
  for (const prove of proofs) prove();
  await updated;
  expect(isConfirmed).toBe(true);
  await client.stopMainCycle();
});
