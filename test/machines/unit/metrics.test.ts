import { expect, test } from 'vitest';
import { settle } from '../harness.ts';
import { breakLink, online } from '../world.ts';

test('the figures are read at once, then by interval, while the unit works, and not for each message (X9)', async () => {
  const { actor, clock, it: outside } = await online();
  const figures = () => actor.getSnapshot().context.figures;
  expect(outside.did['readFigures']).toBe(1);
  expect(figures()).toMatchObject({ connects: 1, disconnects: 0, uptimeMs: 1, inbox: { received: 2 } });
  outside.measures = { ...outside.measures, uptimeMs: 10_001 };
  clock.increment(9999);
  expect(figures().uptimeMs).toBe(1);
  clock.increment(1);
  await settle();
  expect(figures().uptimeMs).toBe(10_001);
  breakLink(outside);
  expect(figures()).toMatchObject({ connects: 1, disconnects: 1 });
});

test('figures that can not be read stay as they were, and are tried again; none are read after the stop', async () => {
  const { actor, clock, it: outside } = await online();
  outside.failures.add('readFigures');
  clock.increment(10_000);
  await settle();
  expect(actor.getSnapshot().context.figures.uptimeMs).toBe(1);
  outside.failures.clear();
  outside.measures = { ...outside.measures, uptimeMs: 20_001 };
  clock.increment(10_000);
  await settle();
  expect(actor.getSnapshot().context.figures.uptimeMs).toBe(20_001);
  actor.send({ type: 'unit.stop' });
  await settle();
  await settle();
  const reads = outside.did['readFigures'];
  clock.increment(60_000);
  await settle();
  expect(outside.did['readFigures']).toBe(reads);
});
