import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestUnitLogic, createTestWorld, walkEdges } from 'pepeunit-client/testing';
import { fromCallback, fromPromise } from 'xstate';
import { startDoorLock, toEvent } from './door-lock.ts';
import env from './env_example.json' with { type: 'json' };
import { lock, type LockEvent } from './lock.ts';
import schema from './schema_example.json' with { type: 'json' };

test('every edge of the lock', async () => {
  const commands: LockEvent[] = [
    { type: 'lock.open' },
    { type: 'lock.close' },
    { type: 'lock.misunderstood', text: 'explode' },
    { type: 'settings.changed', autoLockMs: 5_000, lowPercent: 20 },
  ];
  const report = await walkEdges(lock, {
    events: commands,
    world: {
      unit: { sends: [{ type: 'online' }, { type: 'offline' }, { type: 'stopped' }], fails: [new Error('options')] },
      battery: { sends: [80, 5].map((percent) => ({ type: 'battery.measured', percent })) },
      motor: { done: [undefined], fails: [new Error('stuck')] },
    },
    expect: {
      'working.bolt.open': ({ emitted }) => emitted.some(({ text }) => text === 'open'),
      'working.bolt.closed': ({ running }) => assert.deepEqual(running, ['unit', 'battery']),
      'working.bolt.closing': ({ running }) => assert.ok(running.includes('motor')),
      ended: ({ running }) => assert.deepEqual(running, []),
    },
    invariants: {
      'a lock with a low battery does not begin to open': ({ before, snapshot }) =>
        !before.matches({ working: { battery: 'low', bolt: 'closed' } }) ||
        !snapshot.matches({ working: { bolt: 'opening' } }),
    },
  });
  assert.deepEqual(report.missed, [], String(report));
  assert.deepEqual([...report.missedStates, ...report.unusedEvents], []);
});

/** A door lock whose unit is in a world in memory. */
const createLock = async ({ percent = 80 } = {}) => {
  const world = createTestWorld({ env, schema });
  const actor = startDoorLock(
    {
      unit: createTestUnitLogic(world, { toEvent }),
      motor: fromPromise<void, { to: 'open' | 'closed' }>(() => Promise.resolve()),
      battery: fromCallback(({ sendBack }) => sendBack({ type: 'battery.measured', percent })),
    },
    { clock: world.clock },
  );
  await world.settle();
  return { ...world, stop: () => actor.stop(), said: () => world.published('lock/pepeunit') };
};

test('obeys set_lock, and closes by itself', async () => {
  const { receive, advance, said, stop } = await createLock();
  await receive('set_lock/pepeunit', 'open');
  assert.deepEqual(said(), ['closed', 'open']);
  await advance(env.AUTO_LOCK_MS);
  assert.deepEqual(said(), ['closed', 'open', 'closed']);
  stop();
});

test('closes by itself in an outage, and reports it afterwards', async () => {
  const { receive, partition, heal, advance, until, said, stop } = await createLock();
  await receive('set_lock/pepeunit', 'open');
  partition();
  await advance(10 * env.AUTO_LOCK_MS);
  assert.deepEqual(said(), ['closed', 'open']);
  heal();
  await until(() => said().length > 2);
  assert.equal(said()[2], 'closed');
  stop();
});

test('refuses a bad command, and to open with a low battery', async () => {
  const { receive, command, logged, said, stop } = await createLock({ percent: env.LOW_BATTERY_PERCENT - 1 });
  await receive('set_lock/pepeunit', 'explode');
  await receive('set_lock/pepeunit', 'open');
  assert.deepEqual(said(), ['closed', 'not understood: explode', 'refused: the battery is low']);
  await command('update', { PU_COMMIT_VERSION: '' });
  assert.ok(logged().some((text) => text.includes('PU_COMMIT_VERSION names no version')));
  stop();
});
