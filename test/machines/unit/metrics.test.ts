import { expect, test } from 'vitest';
import { breakLink, createOnlineUnit } from '../../support/unit-world.ts';

test('the unit counts its links, and does not poll anything (X9)', async () => {
  const { actor, clock, it: outside } = await createOnlineUnit();
  const counts = () => actor.getSnapshot().context.counts;
  expect(counts()).toMatchObject({ connects: 1, disconnects: 0 });
  const before = actor.getSnapshot();
  clock.increment(30_000);
  expect(actor.getSnapshot().context).toBe(before.context);
  breakLink(outside);
  expect(counts()).toMatchObject({ connects: 1, disconnects: 1 });
});
