import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { settingsMachine, type SettingsFact } from '../../machines/settings.ts';
import type { UnitSettings } from '../../services/settings.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const settingsOf = (change: Partial<UnitSettings> = {}): UnitSettings => ({
  unitUuid: 'u',
  commitVersion: 'v1',
  pingIntervalMs: 20_000,
  stateSendIntervalMs: 300_000,
  minLogLevel: 'Debug',
  maxLogLength: 64,
  wifiSsid: '',
  maxReconnectionMs: 60_000,
  linkRevision: 1,
  wifiRevision: 1,
  ...change,
});

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<SettingsFact>();
  const load = gate<UnitSettings>();
  const refresh = gate<UnitSettings>();
  const actor = createActor(settingsMachine.provide({ actors: { load: load.logic, refresh: refresh.logic } }), {
    clock,
    input: { parent: parent.ref },
  }).start();
  const state = () => actor.getSnapshot();
  return { actor, clock, parent, load, refresh, state, document: () => state().value.document };
};

const started = async () => {
  const unit = start();
  unit.actor.send({ type: 'settings.load' });
  await unit.load.resolve(settingsOf());
  unit.parent.facts.length = 0;
  return unit;
};

test('waits to be asked', () => {
  const { parent, document } = start();
  expect(parent.facts).toEqual([]);
  expect(document()).toBe('idle');
});

test('loads, keeps and tells the settings', async () => {
  const { actor, load, parent, document, state } = start();
  actor.send({ type: 'settings.load' });
  expect(state().hasTag('busy')).toBe(true);
  await load.resolve(settingsOf());
  expect(document()).toBe('ready');
  expect(state().context.settings).toEqual(settingsOf());
  expect(parent.facts.at(-1)).toEqual({ type: 'settings.loaded', settings: settingsOf() });
});

test('a failed load is faulty and can be tried again', async () => {
  const { actor, load, parent, document, state } = start();
  actor.send({ type: 'settings.load' });
  await load.reject(failing('missing', 'env.json does not exist'));
  expect(document()).toBe('faulty');
  const failure = { name: 'Error', code: 'missing', message: 'env.json does not exist' };
  expect(state().context.failure).toEqual(failure);
  expect(parent.facts.at(-1)).toEqual({ type: 'settings.failed', failure, during: 'load' });
  actor.send({ type: 'settings.load' });
  await load.resolve(settingsOf());
  expect(document()).toBe('ready');
  expect(state().context.failure).toBeUndefined();
});

test('from faulty a refresh works too', async () => {
  const { actor, load, refresh, document } = start();
  actor.send({ type: 'settings.load' });
  await load.reject(failing('malformed'));
  actor.send({ type: 'settings.refresh' });
  await refresh.resolve(settingsOf({ commitVersion: 'v2' }));
  expect(document()).toBe('ready');
});

test('a failed refresh leaves the settings in force (U3)', async () => {
  const { actor, refresh, parent, document, state } = await started();
  actor.send({ type: 'settings.refresh' });
  expect(document()).toBe('refreshing');
  await refresh.reject(failing('status'));
  expect(document()).toBe('ready');
  expect(state().context.settings).toEqual(settingsOf());
  expect(parent.facts).toMatchObject([{ type: 'settings.failed', during: 'refresh', failure: { code: 'status' } }]);
});

describe('what comes while it is busy', () => {
  test('is remembered once and done after', async () => {
    const { actor, refresh, document, state } = await started();
    for (let time = 0; time < 4; time += 1) actor.send({ type: 'settings.refresh' });
    expect(refresh.runs).toHaveLength(1);
    await refresh.resolve(settingsOf({ commitVersion: 'v2' }));
    expect(refresh.runs).toHaveLength(2);
    expect(document()).toBe('refreshing');
    await refresh.resolve(settingsOf({ commitVersion: 'v3' }));
    expect(document()).toBe('ready');
    expect(refresh.runs).toHaveLength(2);
    expect(state().context.settings?.commitVersion).toBe('v3');
  });

  test('is done after a failure too', async () => {
    const { actor, load, refresh, document } = start();
    actor.send({ type: 'settings.load' });
    actor.send({ type: 'settings.refresh' });
    await load.reject(failing('malformed'));
    expect(document()).toBe('refreshing');
    await refresh.resolve(settingsOf());
    expect(document()).toBe('ready');
  });

  test('a refresh stands for a load too, whichever came first', async () => {
    const { actor, load, refresh } = await started();
    actor.send({ type: 'settings.refresh' });
    actor.send({ type: 'settings.load' });
    actor.send({ type: 'settings.refresh' });
    actor.send({ type: 'settings.load' });
    await refresh.resolve(settingsOf());
    expect(refresh.runs).toHaveLength(2);
    await refresh.resolve(settingsOf());
    expect([load.runs.length, refresh.runs.length]).toEqual([1, 2]);
  });
});

test.each(['load', 'refresh'] as const)('a %s that never ends is given up', async (during) => {
  const { actor, clock, parent, document, [during]: slot } = await started();
  actor.send({ type: `settings.${during}` });
  clock.increment(60_000);
  await settle();
  expect(slot.last().signal.aborted).toBe(true);
  expect(document()).toBe('ready');
  expect(parent.facts).toMatchObject([{ type: 'settings.failed', during, failure: { code: 'timeout' } }]);
});
