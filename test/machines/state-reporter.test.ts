import { createActor, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { stateReporterMachine, type StateReporterFact } from '../../machines/state-reporter.ts';
import type { StateReport } from '../../services/system.ts';
import { failing, gate, probe, settle } from './harness.ts';

const report: StateReport = { millis: 1, pu_commit_version: 'v1' };

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<StateReporterFact>();
  const collect = gate<StateReport, { commitVersion: string }>();
  const publish = gate<void, { report: StateReport }>();
  const actor = createActor(
    stateReporterMachine.provide({ actors: { collect: collect.logic, publish: publish.logic } }),
    { clock, input: { parent: parent.ref } },
  ).start();
  const configure = (intervalMs = 60_000, commitVersion = 'v1') =>
    actor.send({ type: 'reporter.configure', commitVersion, intervalMs });
  const send = async () => {
    await collect.resolve(report);
    await publish.resolve();
  };
  return { actor, clock, parent, collect, publish, configure, send, state: () => actor.getSnapshot() };
};

const reported = async (intervalMs?: number) => {
  const unit = start();
  unit.configure(intervalMs);
  unit.actor.send({ type: 'broker.up' });
  await unit.send();
  return unit;
};

test('reports right after the broker is first there', async () => {
  const { actor, collect, configure, publish, parent, state } = start();
  actor.send({ type: 'broker.up' });
  expect(state().value).toBe('unconfigured');
  configure();
  expect(state().value).toBe('collecting');
  expect(collect.last().input).toEqual({ commitVersion: 'v1' });
  await collect.resolve(report);
  expect(publish.last().input).toEqual({ report });
  await publish.resolve();
  expect(parent.facts).toEqual([{ type: 'reporter.ready' }, { type: 'reporter.sent' }]);
  expect(state().value).toBe('resting');
});

test('waits for the broker when it is configured first', () => {
  const { actor, configure, state } = start();
  configure();
  expect(state().value).toBe('due');
  actor.send({ type: 'broker.up' });
  expect(state().value).toBe('collecting');
});

test('P2: in an hour of fake time a report comes every minute, and none too early', async () => {
  const { clock, collect, send } = await reported(60_000);
  const sentAt = [0];
  while (clock.now() < 3_600_000) {
    clock.increment(1000);
    if (collect.runs.length === sentAt.length) continue;
    sentAt.push(clock.now());
    await send();
  }
  const gaps = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
  expect(gaps).toEqual(Array.from({ length: 59 }, () => 61_000));
});

test('a reconnect does not report early; a report due while offline waits', async () => {
  const { actor, clock, collect, state } = await reported(60_000);
  actor.send({ type: 'broker.down' });
  actor.send({ type: 'broker.up' });
  expect(collect.runs).toHaveLength(1);
  actor.send({ type: 'broker.down' });
  clock.increment(61_000);
  expect(state().value).toBe('due');
  actor.send({ type: 'broker.up' });
  expect(collect.runs).toHaveLength(2);
});

test('reports now when asked to', async () => {
  const { actor, collect } = await reported();
  actor.send({ type: 'reporter.report' });
  expect(collect.runs).toHaveLength(2);
  actor.send({ type: 'reporter.report' });
  expect(collect.runs).toHaveLength(2);
});

test('another interval starts to count at once; another version alone does not', async () => {
  const { clock, collect, configure } = await reported(3_600_000);
  clock.increment(1000);
  configure(3_600_000, 'v2');
  configure(10_000, 'v2');
  clock.increment(10_999);
  expect(collect.runs).toHaveLength(1);
  clock.increment(1);
  expect(collect.last().input).toEqual({ commitVersion: 'v2' });
});

test.each(['collect', 'publish'] as const)('a failed %s is told and tried again after a wait', async (step) => {
  const unit = start();
  unit.configure();
  unit.actor.send({ type: 'broker.up' });
  if (step === 'publish') await unit.collect.resolve(report);
  await unit[step].reject(failing('closed'));
  expect(unit.state().value).toBe('retrying');
  expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'reporter.failed', failure: { code: 'closed' } });
  unit.clock.increment(1000);
  await unit.send();
  expect(unit.state().value).toBe('resting');
  expect(unit.state().context).toMatchObject({ attempts: 0, failure: undefined });
});

test.each([
  ['collect', 10_000],
  ['publish', 30_000],
] as const)('a %s that never ends is given up after %i ms', async (step, within) => {
  const unit = start();
  unit.configure();
  unit.actor.send({ type: 'broker.up' });
  if (step === 'publish') await unit.collect.resolve(report);
  unit.clock.increment(within);
  await settle();
  expect(unit[step].last().signal.aborted).toBe(true);
  expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'reporter.failed', failure: { code: 'timeout' } });
});

test('an interval longer than a timer can be does not report all the time', async () => {
  const { clock, collect } = await reported(30 * 86_400_000);
  clock.increment(2_147_483_646);
  expect(collect.runs).toHaveLength(1);
});
