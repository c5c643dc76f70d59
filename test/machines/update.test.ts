import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { updateMachine, type UpdateFact, type UpdateInput } from '../../machines/update.ts';
import type { StagedFirmware, UpdateTarget } from '../../services/firmware.ts';
import type { RestartMode } from '../../services/process-control.ts';
import { failing, gate, probe, settle } from './harness.ts';

const staged: StagedFirmware = { id: 's1', files: 3, bytes: 100 };
const v2: UpdateTarget = { commitVersion: 'v2' };
const v3: UpdateTarget = { commitVersion: 'v3' };

const start = (change: Partial<UpdateInput> = {}) => {
  const clock = new SimulatedClock();
  const parent = probe<UpdateFact>();
  const steps = {
    download: gate<StagedFirmware, { target: UpdateTarget }>(),
    verify: gate<void, { staged: StagedFirmware; target: UpdateTarget }>(),
    swap: gate<void, { staged: StagedFirmware; mode: RestartMode; from: string; target: UpdateTarget }>(),
    discard: gate<void, { staged: StagedFirmware }>(),
    restart: gate<void, { mode: RestartMode }>(),
    handOver: gate<void, { target: UpdateTarget }>(),
  };
  const actor = createActor(
    updateMachine.provide({
      actors: {
        download: steps.download.logic,
        verify: steps.verify.logic,
        swap: steps.swap.logic,
        discard: steps.discard.logic,
        restart: steps.restart.logic,
        handOver: steps.handOver.logic,
      },
    }),
    { clock, input: { parent: parent.ref, mode: 'restart_exec', checksVersion: true, ...change } },
  ).start();
  actor.send({ type: 'update.configure', commitVersion: 'v1' });
  const begin = (target: UpdateTarget) => actor.send({ type: 'update.start', target });
  return { actor, begin, clock, parent, ...steps, state: () => actor.getSnapshot() };
};
type Unit = ReturnType<typeof start>;

/** Leads a flight into a state. */
const leadTo = async (unit: Unit, place: string) => {
  unit.begin(v2);
  if (place === 'downloading') return;
  await unit.download.resolve(staged);
  if (place === 'verifying') return;
  await unit.verify.resolve();
  if (place === 'swapping') return;
  await unit.swap.resolve();
};

describe('a flight', () => {
  test('downloads, verifies, swaps and restarts', async () => {
    const unit = start();
    await leadTo(unit, 'restarting');
    expect(unit.download.last().input).toEqual({ target: v2 });
    expect(unit.verify.last().input).toEqual({ staged, target: v2 });
    expect(unit.swap.last().input).toEqual({ staged, mode: 'restart_exec', from: 'v1', target: v2 });
    expect(unit.state().value).toBe('restarting');
    expect(unit.restart.last().input).toEqual({ mode: 'restart_exec' });
    expect(unit.parent.facts).toEqual([
      { type: 'update.ready' },
      { type: 'update.began', target: v2 },
      { type: 'update.swapped', target: v2, mode: 'restart_exec' },
    ]);
    await unit.restart.resolve();
    expect(unit.state().value).toBe('idle');
  });

  test.each(['restart_popen', 'exit'] as const)('restarts in mode %s', async (mode) => {
    const unit = start({ mode });
    await leadTo(unit, 'restarting');
    expect(unit.restart.last().input).toEqual({ mode });
  });

  test.each(['env_schema_only', 'no_restart'] as const)('mode %s ends without a restart', async (mode) => {
    const unit = start({ mode });
    await leadTo(unit, 'idle');
    expect(unit.restart.runs).toHaveLength(0);
    expect(unit.state().value).toBe('idle');
    expect(unit.parent.facts.slice(-2)).toEqual([
      { type: 'update.swapped', target: v2, mode },
      { type: 'update.finished', target: v2, mode },
    ]);
  });
});

describe('which updates are carried out', () => {
  test('the version that runs is skipped', () => {
    const { begin, download, parent, state } = start();
    begin({ commitVersion: 'v1' });
    expect(state().value).toBe('idle');
    expect(download.runs).toHaveLength(0);
    expect(parent.facts.at(-1)).toEqual({
      type: 'update.skipped',
      target: { commitVersion: 'v1' },
      reason: 'sameVersion',
    });
  });

  test('it is not when the check is off', () => {
    const { begin, download } = start({ checksVersion: false });
    begin({ commitVersion: 'v1' });
    expect(download.runs).toHaveLength(1);
  });

  test('no version named means whatever the instance has', () => {
    const { actor, begin, download } = start();
    actor.send({ type: 'update.configure', commitVersion: '' });
    begin({ commitVersion: '' });
    expect(download.runs).toHaveLength(1);
  });

  test('the handler of the app replaces everything, the version check too', async () => {
    const { actor, begin, download, handOver, parent } = start();
    actor.send({ type: 'update.configure', handsOver: true });
    begin({ commitVersion: 'v1' });
    expect(handOver.last().input).toEqual({ target: { commitVersion: 'v1' } });
    await handOver.resolve();
    expect(download.runs).toHaveLength(0);
    expect(parent.types()).toEqual(['update.ready', 'update.handedOver']);
    actor.send({ type: 'update.configure', handsOver: false });
    begin(v2);
    expect(download.runs).toHaveLength(1);
  });
});

describe('U15: one flight at a time', () => {
  test('the last target waits, the one in flight is a no-op', async () => {
    const { begin, download, state } = start({ mode: 'no_restart' });
    begin(v2);
    begin(v2);
    begin({ commitVersion: 'v9' });
    begin(v3);
    expect(download.runs).toHaveLength(1);
    await download.reject(failing('network'));
    expect(download.runs).toHaveLength(2);
    expect(download.last().input).toEqual({ target: v3 });
    await download.reject(failing('network'));
    expect(download.runs).toHaveLength(2);
    expect(state().value).toBe('idle');
  });

  test('going back to the one in flight forgets the one that waits', async () => {
    const { begin, download } = start();
    begin(v2);
    begin(v3);
    begin(v2);
    await download.reject(failing('network'));
    expect(download.runs).toHaveLength(1);
  });

  test('the same version from another link is another target', () => {
    const { begin, state } = start();
    begin(v2);
    begin({ ...v2, firmwareLink: 'https://host/f' });
    expect(state().context.next).toEqual({ ...v2, firmwareLink: 'https://host/f' });
  });
});

describe('failures', () => {
  test('a failed download tells phase and cause; nothing was staged', async () => {
    const { begin, discard, download, parent, state } = start();
    begin(v2);
    await download.reject(failing('status', 'HTTP 503'));
    expect(state().value).toBe('idle');
    expect(discard.runs).toHaveLength(0);
    const failure = { name: 'Error', code: 'status', message: 'HTTP 503' };
    expect(parent.facts.at(-1)).toEqual({ type: 'update.failed', target: v2, phase: 'downloading', failure });
  });

  test.each(['verifying', 'swapping'] as const)('a failure while %s discards first', async (place) => {
    const unit = start();
    await leadTo(unit, place);
    await unit[place === 'verifying' ? 'verify' : 'swap'].reject(failing('version'));
    expect(unit.state().value).toBe('discarding');
    expect(unit.discard.last().input).toEqual({ staged });
    expect(unit.parent.types()).not.toContain('update.failed');
    await unit.discard.resolve();
    expect(unit.parent.facts.at(-1)).toMatchObject({ phase: place, failure: { code: 'version' } });
    expect(unit.state().value).toBe('idle');
  });

  test('a discard that fails does not hide the cause', async () => {
    const unit = start();
    await leadTo(unit, 'verifying');
    await unit.verify.reject(failing('version'));
    await unit.discard.reject(failing('io'));
    expect(unit.parent.facts.at(-1)).toMatchObject({ phase: 'verifying', failure: { code: 'version' } });
  });

  test('a failed restart is told and the unit runs on', async () => {
    const unit = start();
    await leadTo(unit, 'restarting');
    await unit.restart.reject(failing('spawn'));
    expect(unit.state().value).toBe('idle');
    expect(unit.parent.facts.at(-1)).toMatchObject({ phase: 'restarting', failure: { code: 'spawn' } });
  });

  test('a handler of the app that fails is told', async () => {
    const { actor, begin, handOver, parent } = start();
    actor.send({ type: 'update.configure', handsOver: true });
    begin(v2);
    await handOver.reject(failing('unexpected'));
    expect(parent.facts.at(-1)).toMatchObject({ type: 'update.failed', phase: 'handingOver' });
  });

  test.each([
    ['downloading', 600_000],
    ['verifying', 120_000],
    ['swapping', 120_000],
    ['restarting', 120_000],
  ] as const)('U19: %s is given up after %i ms', async (place, within) => {
    const unit = start();
    await leadTo(unit, place);
    expect(unit.state().value).toBe(place);
    unit.clock.increment(within);
    await settle();
    if (unit.state().value === 'discarding') await unit.discard.resolve();
    expect(unit.state().value).toBe('idle');
    expect(unit.parent.facts.at(-1)).toMatchObject({ phase: place, failure: { code: 'timeout' } });
  });

  test('after a failure the next update works, and is not told as failed', async () => {
    const unit = start({ mode: 'no_restart' });
    unit.begin(v2);
    await unit.download.reject(failing('network'));
    await leadTo(unit, 'idle');
    expect(unit.parent.types().filter((type) => type === 'update.failed')).toHaveLength(1);
    expect(unit.parent.types().at(-1)).toBe('update.finished');
  });
});
