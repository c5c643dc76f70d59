import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';
import { idle, staged, v2, v3, type UpdateUnderTest } from './under-test.ts';

/** Leads a flight into a state. */
const leadTo = async (unit: UpdateUnderTest, place: string) => {
  unit.begin(v2);
  if (place === 'downloading') return;
  await unit.download.resolve(staged);
  if (place === 'verifying') return;
  await unit.verify.resolve();
  if (place === 'staging') return;
  if (unit.state().value === 'staging') await unit.stage.resolve(staged);
  if (place === 'swapping') return;
  await unit.swap.resolve();
};

describe('a flight', () => {
  test('downloads, verifies, completes, swaps and restarts', async () => {
    const unit = await idle();
    await leadTo(unit, 'restarting');
    expect(unit.download.last().input).toEqual({ target: v2 });
    expect(unit.verify.last().input).toEqual({ staged, target: v2 });
    expect(unit.stage.last().input).toEqual({ staged, target: v2 });
    expect(unit.swap.last().input).toEqual({ staged, mode: 'restart_exec', from: 'v1', target: v2 });
    expect(unit.state().value).toBe('restarting');
    expect(unit.restart.last().input).toEqual({ mode: 'restart_exec' });
    expect(unit.parent.facts).toEqual([
      { type: 'update.settled' },
      { type: 'update.began', target: v2 },
      { type: 'update.swapping' },
      { type: 'update.swapped', target: v2, mode: 'restart_exec' },
    ]);
    await unit.restart.resolve();
    expect(unit.state().value).toBe('idle');
  });

  test.each(['restart_popen', 'exit'] as const)('restarts in mode %s', async (mode) => {
    const unit = await idle({ mode });
    await leadTo(unit, 'restarting');
    expect(unit.restart.last().input).toEqual({ mode });
  });

  test.each(['env_schema_only', 'no_restart'] as const)('mode %s ends without a restart', async (mode) => {
    const unit = await idle({ mode });
    await leadTo(unit, 'idle');
    expect(unit.restart.runs).toHaveLength(0);
    expect(unit.state().value).toBe('idle');
    expect(unit.parent.facts.slice(-3)).toEqual([
      { type: 'update.swapped', target: v2, mode },
      { type: 'update.finished', target: v2, mode },
      { type: 'update.settled' },
    ]);
  });
});

describe('which updates are carried out', () => {
  test('the version that runs is skipped (U15)', async () => {
    const { begin, download, told, state } = await idle();
    begin({ commitVersion: 'v1' });
    expect(state().value).toBe('idle');
    expect(download.runs).toHaveLength(0);
    expect(told().at(-1)).toEqual({
      type: 'update.skipped',
      target: { commitVersion: 'v1' },
      reason: 'sameVersion',
    });
  });

  test('it is not when the check is off', async () => {
    const { begin, download } = await idle({ checksVersion: false });
    begin({ commitVersion: 'v1' });
    expect(download.runs).toHaveLength(1);
  });

  test('the handler of the app replaces everything, the version check too', async () => {
    const { actor, begin, download, handOver, told } = await idle();
    actor.send({ type: 'update.configure', handsOver: true });
    begin({ commitVersion: 'v1' });
    expect(handOver.last().input).toEqual({ target: { commitVersion: 'v1' } });
    await handOver.resolve();
    expect(download.runs).toHaveLength(0);
    expect(told()).toEqual([{ type: 'update.handedOver', target: { commitVersion: 'v1' } }]);
    actor.send({ type: 'update.configure', handsOver: false });
    begin(v2);
    expect(download.runs).toHaveLength(1);
  });
});

describe('one flight at a time (U15)', () => {
  test('the last target waits, the one in flight is a no-op', async () => {
    const { begin, download, state } = await idle({ mode: 'no_restart' });
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
    const { begin, download } = await idle();
    begin(v2);
    begin(v3);
    begin(v2);
    await download.reject(failing('network'));
    expect(download.runs).toHaveLength(1);
  });

  test('the same version from another link is another target', async () => {
    const { begin, state } = await idle({ isCompiled: true });
    begin(v2);
    begin({ ...v2, firmwareLink: 'https://host/f' });
    expect(state().context.next).toEqual({ ...v2, firmwareLink: 'https://host/f' });
  });
});

describe('failures', () => {
  test('a failed download tells phase and cause; nothing was staged', async () => {
    const { begin, discard, download, told, state } = await idle();
    begin(v2);
    await download.reject(failing('status', 'HTTP 503'));
    expect(state().value).toBe('idle');
    expect(discard.runs).toHaveLength(0);
    const failure = { name: 'Error', code: 'status', message: 'HTTP 503' };
    expect(told().at(-1)).toEqual({ type: 'update.failed', target: v2, phase: 'downloading', failure });
  });

  test.each([
    ['verifying', 'verify'],
    ['staging', 'stage'],
    ['swapping', 'swap'],
  ] as const)('a failure while %s is told, and what was staged discarded', async (place, slot) => {
    const unit = await idle();
    await leadTo(unit, place);
    await unit[slot].reject(failing('version'));
    expect(unit.state().value).toBe('discarding');
    expect(unit.discard.last().input).toEqual({ staged });
    expect(unit.told().at(-1)).toMatchObject({ phase: place, failure: { code: 'version' } });
    await unit.discard.resolve();
    expect(unit.state().value).toBe('idle');
  });

  test('a discard that fails does not hide the cause', async () => {
    const unit = await idle();
    await leadTo(unit, 'verifying');
    await unit.verify.reject(failing('version'));
    await unit.discard.reject(failing('io'));
    expect(unit.told().at(-1)).toMatchObject({ phase: 'verifying', failure: { code: 'version' } });
  });

  test('a failed restart is told and the unit runs on', async () => {
    const unit = await idle();
    await leadTo(unit, 'restarting');
    await unit.restart.reject(failing('spawn'));
    expect(unit.state().value).toBe('idle');
    expect(unit.told().at(-1)).toMatchObject({ phase: 'restarting', failure: { code: 'spawn' } });
  });

  test('a handler of the app that fails is told', async () => {
    const { actor, begin, handOver, told } = await idle();
    actor.send({ type: 'update.configure', handsOver: true });
    begin(v2);
    await handOver.reject(failing('unexpected'));
    expect(told().at(-1)).toMatchObject({ type: 'update.failed', phase: 'handingOver' });
  });

  test.each([
    ['downloading', 600_000],
    ['verifying', 120_000],
    ['staging', 600_000],
    ['swapping', 120_000],
    ['restarting', 120_000],
  ] as const)('%s is given up after %i ms (U19)', async (place, within) => {
    const unit = await idle();
    await leadTo(unit, place);
    expect(unit.state().value).toBe(place);
    unit.clock.increment(within);
    await settle();
    if (unit.state().value === 'discarding') await unit.discard.resolve();
    if (place === 'swapping') await unit.restart.resolve();
    expect(unit.state().value).toBe('idle');
    expect(unit.told().at(-1)).toMatchObject({ phase: place, failure: { code: 'timeout' } });
  });

  test('after a failure the next update works, and is not told as failed', async () => {
    const unit = await idle({ mode: 'no_restart' });
    unit.begin(v2);
    await unit.download.reject(failing('network'));
    await leadTo(unit, 'idle');
    expect(unit.parent.types().filter((type) => type === 'update.failed')).toHaveLength(1);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.finished' });
  });
});

describe('a compiled program', () => {
  const compiled = { ...v2, firmwareLink: 'https://host/f' };

  test("is nothing for a unit that is not compiled: the link is ignored, and the archive's update goes on (U22)", async () => {
    const unit = await idle();
    unit.begin(compiled);
    expect(unit.told().map(({ type }) => type)).toEqual(['update.linkIgnored', 'update.began']);
    expect(unit.download.last().input).toEqual({ target: v2 });
    unit.begin(compiled);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.repeated' });
    await unit.download.resolve(staged);
    await unit.verify.resolve();
    await unit.stage.resolve(staged);
    expect(unit.state().value).toBe('swapping');
  });

  test('is fetched before the swap', async () => {
    const unit = await idle({ isCompiled: true });
    unit.begin(compiled);
    await unit.download.resolve(staged);
    await unit.verify.resolve();
    expect(unit.state().value).toBe('staging');
    expect(unit.stage.last().input).toEqual({ staged, target: compiled });
    await unit.stage.resolve({ ...staged, files: 4 });
    expect(unit.swap.last().input).toMatchObject({ staged: { files: 4 } });
  });

  test('that takes too long is given up, and what was staged discarded (U19)', async () => {
    const unit = await idle({ isCompiled: true });
    unit.begin(compiled);
    await unit.download.resolve(staged);
    await unit.verify.resolve();
    unit.clock.increment(600_000);
    expect(unit.told().at(-1)).toMatchObject({ phase: 'staging', failure: { code: 'timeout' } });
    expect(unit.state().value).toBe('discarding');
  });
});
