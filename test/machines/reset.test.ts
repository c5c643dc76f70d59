import { createActor, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { resetMachine, type ResetFact } from '../../machines/reset.ts';
import type { RestartMode } from '../../services/process-control.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const asleep = () => {
  const clock = new SimulatedClock();
  const parent = probe<ResetFact>();
  const recall = gate<boolean>();
  const restart = gate<void, { mode: RestartMode }>();
  const actor = createActor(resetMachine.provide({ actors: { recall: recall.logic, restart: restart.logic } }), {
    clock,
    input: { parent: parent.ref, mode: 'restart_popen' },
  }).start();
  return { actor, clock, parent, recall, restart, state: () => actor.getSnapshot().value };
};

const start = () => {
  const unit = asleep();
  unit.actor.send({ type: 'reset.recall' });
  return unit;
};

/** One that waits for a request. */
const ready = async () => {
  const unit = start();
  await unit.recall.resolve(false);
  expect(unit.state()).toBe('ready');
  return unit;
};

test('finds out first whether a reset has started the program, whoever asks', async () => {
  const { actor, recall, restart, state } = asleep();
  expect(state()).toBe('idle');
  actor.send({ type: 'reset.restart' });
  expect(state()).toBe('recalling');
  await recall.resolve(false);
  expect(restart.runs).toHaveLength(1);
});

test.each([
  ['that no reset has started', (unit: ReturnType<typeof start>) => unit.recall.resolve(false)],
  ['that can not find out', (unit: ReturnType<typeof start>) => unit.recall.reject(failing('io'))],
  ['that does not find out in 10 s', async (unit: ReturnType<typeof start>) => unit.clock.increment(1)],
])('a program %s is ready, and restarts nothing by itself', async (_, end) => {
  const unit = start();
  unit.clock.increment(9_999);
  expect(unit.state()).toBe('recalling');
  await end(unit);
  expect(unit.state()).toBe('ready');
  expect(unit.restart.runs).toHaveLength(0);
});

test('restarts the program at once in the mode of its input', async () => {
  const { actor, parent, recall, restart } = start();
  await recall.resolve(false);
  actor.send({ type: 'reset.restart' });
  expect(restart.last().input).toEqual({ mode: 'restart_popen' });
  expect(parent.types()).toEqual(['reset.began']);
});

test.each([
  ['it is not known yet whether a reset has started the program', false],
  ['that can not be found out', undefined],
])('a request is carried out when it comes while %s', async (_, wasReset) => {
  const { actor, recall, restart } = start();
  actor.send({ type: 'reset.restart' });
  expect(restart.runs).toHaveLength(0);
  await (wasReset === undefined ? recall.reject(failing('io')) : recall.resolve(wasReset));
  expect(restart.runs).toHaveLength(1);
});

test('a program that a reset has started rests for a minute; requests are counted, and told once', async () => {
  const { actor, clock, parent, recall, restart, state } = start();
  actor.send({ type: 'reset.restart' });
  await recall.resolve(true);
  for (let times = 0; times < 5; times += 1) actor.send({ type: 'reset.restart' });
  clock.increment(59_999);
  expect(state()).toBe('resting');
  expect(restart.runs).toHaveLength(0);
  clock.increment(1);
  await settle();
  expect(state()).toBe('ready');
  expect(parent.facts).toEqual([{ type: 'reset.skipped', requests: 5 }]);
  actor.send({ type: 'reset.restart' });
  expect(restart.runs).toHaveLength(1);
});

test('a restart that fails is told, and may be tried again a minute later', async () => {
  const { actor, clock, parent, recall, restart, state } = start();
  await recall.resolve(false);
  actor.send({ type: 'reset.restart' });
  await restart.reject(failing('unsupported', 'A worker thread can not restart its program.'));
  expect(parent.facts.at(-1)).toMatchObject({ type: 'reset.failed', failure: { code: 'unsupported' } });
  expect(state()).toBe('resting');
  clock.increment(60_000);
  actor.send({ type: 'reset.restart' });
  clock.increment(120_000);
  await settle();
  expect(parent.facts.at(-1)).toMatchObject({ type: 'reset.failed', failure: { code: 'timeout' } });
});

test('rests after each restart, and tells of requests only where there were some', async () => {
  const { actor, clock, parent, restart, state } = await ready();
  const told = () => parent.facts.filter(({ type }) => type === 'reset.skipped');
  const restartAndRest = async (requests: number) => {
    actor.send({ type: 'reset.restart' });
    await restart.resolve();
    expect(state()).toBe('resting');
    for (let times = 0; times < requests; times += 1) actor.send({ type: 'reset.restart' });
    clock.increment(60_000);
    expect(state()).toBe('ready');
  };
  await restartAndRest(0);
  expect(told()).toEqual([]);
  await restartAndRest(1);
  expect(told()).toEqual([{ type: 'reset.skipped', requests: 1 }]);
  await restartAndRest(0);
  expect(told()).toHaveLength(1);
  expect(restart.runs).toHaveLength(3);
});

test('a request that came early is carried out once, and one that never ends is followed by a rest', async () => {
  const { actor, clock, recall, restart, state } = start();
  actor.send({ type: 'reset.restart' });
  await recall.resolve(false);
  clock.increment(119_999);
  expect(state()).toBe('restarting');
  clock.increment(1);
  expect(state()).toBe('resting');
  clock.increment(60_000);
  expect(state()).toBe('ready');
  expect(restart.runs).toHaveLength(1);
});
