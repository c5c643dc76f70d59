import { createActor, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { resetMachine, type ResetFact } from '../../machines/reset.ts';
import type { RestartMode } from '../../services/process-control.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<ResetFact>();
  const recall = gate<boolean>();
  const restart = gate<void, { mode: RestartMode }>();
  const actor = createActor(resetMachine.provide({ actors: { recall: recall.logic, restart: restart.logic } }), {
    clock,
    input: { parent: parent.ref, mode: 'restart_popen' },
  }).start();
  actor.send({ type: 'reset.recall' });
  return { actor, clock, parent, recall, restart, state: () => actor.getSnapshot().value };
};

test('restarts the program at once in the mode of its input', async () => {
  const { actor, parent, recall, restart } = start();
  await recall.resolve(false);
  actor.send({ type: 'reset.restart' });
  expect(restart.last().input).toEqual({ mode: 'restart_popen' });
  expect(parent.types()).toEqual(['reset.ready', 'reset.began']);
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
  expect(parent.facts).toEqual([{ type: 'reset.ready' }, { type: 'reset.skipped', requests: 5 }]);
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
