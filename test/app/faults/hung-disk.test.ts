import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../adapters/memory/outbox.ts';
import { simulatedUnit } from '../../../app/testing.ts';

test('a disk that hangs holds a stop up for five seconds at the most (M12)', async () => {
  const outbox = { ...memoryOutbox(), close: () => new Promise<never>(() => undefined) };
  const { client, world } = simulatedUnit({ adapters: { outbox } });
  await client.ready();
  let isStopped = false;
  void client.stopMainCycle().then(() => (isStopped = true));
  for (let passed = 0; passed < 5_000; passed += 50) {
    await nextTurn();
    world.clock.advance(50);
  }
  await nextTurn();
  expect(isStopped).toBe(true);
  expect(world.clock.pending).toBe(0);
});
