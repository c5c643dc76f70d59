import { createActor, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { schemaMachine, type SchemaFact } from '../../machines/schema.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const topics: SchemaTopics = { subscribed: ['d/input_base_topic/u/update/pepeunit', 'd/n'], reportsState: true };

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<SchemaFact>();
  const load = gate<SchemaTopics>();
  const refresh = gate<SchemaTopics>();
  const actor = createActor(schemaMachine.provide({ actors: { load: load.logic, refresh: refresh.logic } }), {
    clock,
    input: { parent: parent.ref },
  }).start();
  return { actor, clock, parent, load, refresh, state: () => actor.getSnapshot() };
};

const started = async () => {
  const unit = start();
  unit.actor.send({ type: 'schema.load' });
  await unit.load.resolve(topics);
  return unit;
};

test('loads, keeps and tells the topics', async () => {
  const { parent, state } = await started();
  expect(parent.facts).toEqual([{ type: 'schema.loaded', topics }]);
  expect(state().value).toBe('ready');
  expect(state().context.topics).toEqual(topics);
});

test('a failed load is faulty; a refresh helps', async () => {
  const { actor, load, refresh, state, parent } = start();
  actor.send({ type: 'schema.load' });
  await load.reject(failing('malformed'));
  expect(state().value).toBe('faulty');
  expect(parent.facts.at(-1)).toMatchObject({ type: 'schema.failed', during: 'load', failure: { code: 'malformed' } });
  actor.send({ type: 'schema.refresh' });
  await refresh.resolve(topics);
  expect(state().value).toBe('ready');
  expect(state().context.failure).toBeUndefined();
});

test('a failed refresh leaves the topics in force', async () => {
  const { actor, refresh, state } = await started();
  actor.send({ type: 'schema.refresh' });
  await refresh.reject(failing('status'));
  expect(state().value).toBe('ready');
  expect(state().context).toMatchObject({ topics, failure: { code: 'status' } });
});

test('refreshes that come while it is busy are done once after, a load too', async () => {
  const { actor, load, refresh, state } = await started();
  actor.send({ type: 'schema.refresh' });
  actor.send({ type: 'schema.refresh' });
  actor.send({ type: 'schema.refresh' });
  await refresh.resolve(topics);
  actor.send({ type: 'schema.load' });
  expect(refresh.runs).toHaveLength(2);
  await refresh.resolve(topics);
  expect(load.runs).toHaveLength(2);
  await load.resolve(topics);
  expect(state().value).toBe('ready');
});

test.each(['load', 'refresh'] as const)('a %s that never ends is given up', async (during) => {
  const { actor, clock, parent, state, [during]: slot } = start();
  actor.send({ type: `schema.${during}` });
  clock.increment(60_000);
  await settle();
  expect(slot.last().signal.aborted).toBe(true);
  expect(state().value).toBe('faulty');
  expect(parent.facts.at(-1)).toMatchObject({ type: 'schema.failed', during, failure: { code: 'timeout' } });
});
