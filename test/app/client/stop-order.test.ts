import { expect, onTestFinished, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import { until } from '../../support/until.ts';

const running = async () => {
  const unit = createTestUnit();
  onTestFinished(() => unit.client.stopMainCycle());
  const { client } = unit;
  const ended = client.runMainCycle();
  await client.ready();
  return { ...unit, ended };
};

test('a snapshot shows how far a stop is', async () => {
  const { client, ended } = await running();
  const phases: unknown[] = [];
  client.actor.subscribe(({ value: { lifecycle } }) => {
    if (JSON.stringify(phases.at(-1)) !== JSON.stringify(lifecycle)) phases.push(lifecycle);
  });
  await client.stopMainCycle();
  await ended;
  expect(phases).toEqual([{ closing: 'flushing' }, { closing: 'disconnecting' }, { closing: 'releasing' }, 'stopped']);
});

test('a stop by an event ends the work of the app and puts its messages away; a start by one takes it up', async () => {
  const { client, ended, world } = await running();
  let calls = 0;
  client.setOutputHandler(() => (calls += 1));
  client.actor.send({ type: 'unit.stop' });
  await ended;
  const before = calls;
  world.clock.advance(60_000);
  expect({ more: calls - before, isOpen: world.outbox.isOpen }).toEqual({ more: 0, isOpen: false });
  expect(await client.publishToTopics('output/pepeunit', 'late')).toBe(false);
  client.actor.send({ type: 'unit.start' });
  await until(() => client.mqttClient.isConnected());
  expect(await client.publishToTopics('output/pepeunit', 'again')).toBe(true);
  expect(world.outbox.isOpen).toBe(true);
});

test('a unit that was stopped by an event can be stopped by its client as well, and runs again', async () => {
  const { client, ended } = await running();
  client.actor.send({ type: 'unit.stop' });
  await ended;
  await client.stopMainCycle();
  const again = client.runMainCycle();
  await client.ready();
  expect(await client.publishToTopics('output/pepeunit', 'again')).toBe(true);
  await client.stopMainCycle();
  await again;
});

test('a stop before the start lets go of what documents that were read have opened', async () => {
  const { client, world } = createTestUnit();
  await client.settings.loadFromFile();
  await until(() => world.outbox.isOpen);
  client.actor.send({ type: 'unit.stop' });
  await until(() => !world.outbox.isOpen);
  expect(client.actor.getSnapshot().value.lifecycle).toBe('stopped');
  await client.stopMainCycle();
  expect(world.clock.pending).toBe(0);
});
