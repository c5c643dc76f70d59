import { createActor, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { stateReporterMachine, type StateReporterFact } from '../../machines/state-reporter.ts';
import type { StateReport } from '../../services/system.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

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
  expect(parent.facts).toEqual([{ type: 'reporter.sent' }]);
  expect(state().value).toBe('resting');
});

test('waits for the broker when it is configured first', () => {
  const { actor, configure, state } = start();
  configure();
  expect(state().value).toBe('due');
  actor.send({ type: 'broker.up' });
  expect(state().value).toBe('collecting');
});

/** Lets an hour go by second by second; `meddle` is called in each. @returns When each report was sent. */
const hourOf = async (
  unit: Awaited<ReturnType<typeof reported>>,
  meddle: (second: number) => void = () => undefined,
) => {
  const sentAt = [0];
  for (let second = 1; second <= 3600; second += 1) {
    unit.clock.increment(1000);
    meddle(second);
    if (unit.state().value !== 'collecting') continue;
    sentAt.push(unit.clock.now());
    await unit.send();
  }
  return sentAt;
};
const gapsOf = (times: readonly number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0));

test('in an hour of fake time a report comes every minute, and none too early (P2)', async () => {
  const gaps = gapsOf(await hourOf(await reported(60_000)));
  expect(gaps).toEqual(Array.from({ length: 59 }, () => 61_000));
});

test('reconnects, requests and holds in that hour bring no report too early (P2)', async () => {
  const unit = await reported(60_000);
  const sentAt = await hourOf(unit, (second) => {
    if (second % 7 === 0) unit.actor.send({ type: 'broker.down' });
    if (second % 7 === 2) unit.actor.send({ type: 'broker.up' });
    if (second % 5 === 0) unit.actor.send({ type: 'reporter.report' });
    if (second % 11 === 0) unit.actor.send({ type: 'reporter.hold' });
    if (second % 11 === 3) unit.actor.send({ type: 'reporter.resume' });
  });
  expect(Math.min(...gapsOf(sentAt))).toBeGreaterThan(60_000);
  expect(sentAt.length).toBeGreaterThan(50);
});

test('with an interval that changes in that hour, no report comes sooner than the interval then in force (P2)', async () => {
  const unit = await reported(60_000);
  let intervalMs = 60_000;
  const sentAt = await hourOf(unit, (second) => {
    if (second % 100 !== 0) return;
    intervalMs = intervalMs === 60_000 ? 90_000 : 60_000;
    unit.configure(intervalMs);
  });
  expect(Math.min(...gapsOf(sentAt))).toBeGreaterThan(60_000);
  expect(sentAt.length).toBeGreaterThan(20);
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

test('a report that is asked for does not come before the instance takes it, and at once after a failed one (P2)', async () => {
  const { actor, clock, collect, publish, state } = await reported(60_000);
  actor.send({ type: 'reporter.report' });
  expect(collect.runs).toHaveLength(1);
  clock.increment(61_000);
  await collect.resolve(report);
  await publish.reject(failing('closed'));
  expect(state().value).toBe('retrying');
  actor.send({ type: 'reporter.report' });
  expect(collect.runs).toHaveLength(3);
});

test('held, it measures and tells nothing until it goes on (P3)', async () => {
  const { actor, clock, collect, configure, state } = await reported(60_000);
  actor.send({ type: 'reporter.hold' });
  clock.increment(200_000);
  expect(state().value).toBe('due');
  actor.send({ type: 'broker.down' });
  actor.send({ type: 'broker.up' });
  expect(collect.runs).toHaveLength(1);
  configure(60_000, 'v2');
  actor.send({ type: 'reporter.resume' });
  expect(collect.last().input).toEqual({ commitVersion: 'v2' });
});

test('a hold, or another version, while it measures lets go of what was measured (P3)', async () => {
  const { actor, clock, collect, configure, publish, state } = await reported(60_000);
  clock.increment(61_000);
  configure(60_000, 'v2');
  expect(collect.last().input).toEqual({ commitVersion: 'v2' });
  actor.send({ type: 'reporter.hold' });
  expect(collect.last().signal.aborted).toBe(true);
  expect(state().value).toBe('due');
  expect(publish.runs).toHaveLength(1);
});

test('another version is reported at once, and again when the interval is over (P2)', async () => {
  const { actor, clock, collect, configure, publish, send, state } = await reported(60_000);
  clock.increment(1000);
  configure(60_000, 'v2');
  expect(collect.last().input).toEqual({ commitVersion: 'v2' });
  await collect.resolve(report);
  configure(60_000, 'v3');
  expect(state().value, 'what is measured goes out first').toBe('publishing');
  await publish.resolve();
  expect(collect.last().input).toEqual({ commitVersion: 'v3' });
  await send();
  clock.increment(60_999);
  expect(collect.runs).toHaveLength(3);
  clock.increment(1);
  expect(collect.runs).toHaveLength(4);
  await send();
  actor.send({ type: 'broker.down' });
  configure(60_000, 'v4');
  expect(state().value).toBe('due');
  actor.send({ type: 'reporter.hold' });
  actor.send({ type: 'broker.up' });
  expect(collect.runs).toHaveLength(4);
  actor.send({ type: 'reporter.resume' });
  expect(collect.last().input).toEqual({ commitVersion: 'v4' });
});

test('another interval starts to count at once', async () => {
  const { clock, collect, configure } = await reported(3_600_000);
  clock.increment(1000);
  configure(10_000);
  clock.increment(10_999);
  expect(collect.runs).toHaveLength(1);
  clock.increment(1);
  expect(collect.runs).toHaveLength(2);
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
  expect(unit.state().value).toBe('retrying');
  expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'reporter.failed', failure: { code: 'timeout' } });
});

test('the wait after a failure doubles with each, and the failure is kept', async () => {
  const { actor, clock, collect, configure, state } = start();
  configure();
  actor.send({ type: 'broker.up' });
  for (const waitMs of [1000, 2000, 4000]) {
    await collect.reject(failing('io'));
    expect(state().context.failure).toMatchObject({ code: 'io' });
    clock.increment(waitMs - 1);
    expect(state().value).toBe('retrying');
    clock.increment(1);
    expect(state().value).toBe('collecting');
  }
});

test.each(['asked for', 'after its wait'])('a report that failed is not sent without a broker: %s', async (how) => {
  const { actor, clock, collect, configure, state } = start();
  configure();
  actor.send({ type: 'broker.up' });
  await collect.reject(failing('io'));
  actor.send({ type: 'broker.down' });
  if (how === 'asked for') actor.send({ type: 'reporter.report' });
  clock.increment(how === 'asked for' ? 0 : 1000);
  expect(state().value).toBe('due');
});

test('the same configuration again leaves the interval as it is', async () => {
  const { clock, collect, configure } = await reported(60_000);
  clock.increment(30_000);
  configure(60_000);
  clock.increment(31_000);
  expect(collect.runs).toHaveLength(2);
});

test('an interval longer than a timer can be does not report all the time', async () => {
  const { clock, collect } = await reported(30 * 86_400_000);
  clock.increment(2_147_483_646);
  expect(collect.runs).toHaveLength(1);
});
