import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import type { ProcessControl } from '../../../services/process-control.ts';
import { settle, until } from '../../support/until.ts';

/** Process control that leaves this process before the new one. */
const proxying: ProcessControl = {
  isSupervised: false,
  watchSupervisor: () => () => undefined,
  restart: (_, onReplaced) => {
    onReplaced?.();
    return new Promise<never>(() => undefined);
  },
};

test('a unit that another process goes on with keeps still, takes no message, and wakes nobody who waits for it', async () => {
  const { client, world } = createTestUnit({ adapters: { process: proxying } });
  const outcomes: string[] = [];
  const note = (name: string, promise: Promise<unknown>) =>
    void promise.then(
      () => outcomes.push(`${name} resolved`),
      () => outcomes.push(`${name} rejected`),
    );
  note('main cycle', client.runMainCycle());
  await client.ready();
  note('restart', client.restartDevice());
  await until(() => world.clock.pending === 0);
  const published = world.broker.published.length;
  world.clock.advance(600_000);
  await settle();
  expect(await client.publishToTopics('output/pepeunit', 'late')).toBe(false);
  expect(world.broker.published).toHaveLength(published);
  expect({ outcomes, timers: world.clock.pending, isOpen: world.outbox.isOpen }).toEqual({
    outcomes: [],
    timers: 0,
    isOpen: false,
  });
});
