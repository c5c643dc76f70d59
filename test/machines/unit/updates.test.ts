import { describe, expect, test } from 'vitest';
import { settle } from '../../support/until.ts';
import { breakLink, lastLink, createUnit, createOnlineUnit, settings, createWorld } from '../../support/unit-world.ts';

const onTrial = () =>
  Object.assign(createWorld(), {
    settings: { ...settings, commitVersion: 'v2' },
    target: 'v2',
    status: {
      phase: 'trial',
      trial: { from: 'v1', to: 'v2', starts: 1, maxStarts: 3, healthyWithinMs: 60_000 },
    } as const,
  });

describe('a start', () => {
  test('finds out what an update has left before any file is read', async () => {
    const outside = createWorld();
    const unit = createUnit({}, outside);
    unit.actor.send({ type: 'unit.start' });
    expect(unit.lifecycle()).toBe('recovering');
    await settle();
    expect(Object.keys(outside.did).slice(0, 2)).toEqual(['recover', 'settings.load']);
  });

  test('goes on when that can not be found out', async () => {
    const outside = createWorld();
    outside.failures.add('recover');
    const { lines } = await createOnlineUnit({}, outside);
    expect(lines[0]).toEqual({ level: 'Error', text: 'What the last update has left: recover failed' });
  });
});

describe('a trial (U11)', () => {
  test('is confirmed once the unit is online, says so, and only then reports the new version (P3)', async () => {
    const outside = onTrial();
    const { lines, told } = await createOnlineUnit({}, outside);
    await settle();
    expect(outside.did).toMatchObject({ checkReady: 1, confirm: 1, forgetOutcome: 1 });
    expect(told()).toContain('updateConfirmed');
    expect(lines.map(({ level, text }) => `${level} ${text}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Warning Version v2 is on trial, start 1 of 3; without `pepeunit run`/),
        'Info Update to v2 is confirmed',
      ]),
    );
    expect(outside.reports).toMatchObject([{ pu_commit_version: 'v2' }]);
  });

  test('says nothing of what it can not do where something supervises it', async () => {
    const { lines } = await createOnlineUnit({ isSupervised: true }, onTrial());
    expect(lines[0]).toEqual({ level: 'Info', text: 'Version v2 is on trial, start 1 of 3' });
  });

  test('is not confirmed, and nothing reported, while a base topic is denied', async () => {
    const outside = onTrial();
    const [update, sync] = ['update', 'log_sync'].map((name) => `d/input_base_topic/u/${name}/pepeunit`);
    outside.topics = { subscribed: [update ?? '', sync ?? '', 'input'], reportsState: true };
    outside.denies.add(update ?? '');
    const { clock, news } = await createOnlineUnit({ restartMode: 'restart_exec' }, outside);
    await settle();
    expect(outside.did['confirm']).toBeUndefined();
    expect(outside.reports).toEqual([]);
    for (const ms of [60_000, 30_000]) {
      clock.increment(ms);
      await settle();
    }
    expect(outside.did).toMatchObject({ probe: 2, rollBack: 1, restart: 1 });
    expect(news).toContainEqual(expect.objectContaining({ type: 'updateFailed', phase: 'trial' }));
  });

  test('waits while no broker can be reached, says so once, and connects at once when one is back', async () => {
    const outside = onTrial();
    outside.failures.add('open');
    outside.isBrokerThere = false;
    const { actor, clock, lines } = createUnit({}, outside);
    actor.send({ type: 'unit.start' });
    await settle();
    for (const ms of [60_000, 15_000, 30_000]) {
      clock.increment(ms);
      await settle();
    }
    expect(lines.filter(({ text }) => text.startsWith('The trial'))).toEqual([
      {
        level: 'Warning',
        text: 'The trial of version v2 waits: no broker can be reached, and no other version could get online now',
      },
    ]);
    outside.failures.clear();
    outside.isBrokerThere = true;
    const attempts = outside.links.length;
    clock.increment(60_000);
    await settle();
    expect(outside.links.length).toBeGreaterThan(attempts);
    await settle();
    expect(outside.did).toMatchObject({ confirm: 1 });
    expect(outside.did['rollBack']).toBeUndefined();
  });

  test('is rolled back also when its settings can not be read', async () => {
    const outside = onTrial();
    outside.failures.add('settings.load');
    const { actor, clock, lifecycle } = createUnit({ restartMode: 'restart_exec' }, outside);
    actor.send({ type: 'unit.start' });
    await settle();
    expect(lifecycle()).toBe('misconfigured');
    for (const ms of [60_000, 30_000]) {
      clock.increment(ms);
      await settle();
    }
    expect(outside.did).toMatchObject({ probe: 2, rollBack: 1, restart: 1 });
  });
});

test('a rollback is told once, as Critical, with its cause (U20)', async () => {
  const outside = createWorld();
  Object.assign(outside, {
    status: { phase: 'settled', outcome: { version: 'v2', result: 'rolledBack', reason: 'it hung' } },
  });
  const { lines, news } = await createOnlineUnit({}, outside);
  expect(lines.filter(({ level }) => level === 'Critical')).toEqual([
    { level: 'Critical', text: 'Update to v2 was rolled back after its trial: it hung' },
  ]);
  expect(news).toContainEqual({ type: 'updateRolledBack', version: 'v2', reason: 'it hung' });
});

test('a version that failed is refused with a log entry (U14)', async () => {
  const outside = createWorld();
  Object.assign(outside, { status: { phase: 'settled', failed: { version: 'v2', reason: 'it hung' } } });
  const { actor, lines, told } = await createOnlineUnit({}, outside);
  actor.send({ type: 'command.received', command: 'update', target: { commitVersion: 'v2' } });
  await settle();
  expect(outside.did['download']).toBeUndefined();
  expect(told().at(-1)).toBe('updateRefused');
  expect(lines.at(-1)).toMatchObject({ level: 'Error' });
});

test('the target version is asked for once after each connect (M18)', async () => {
  const outside = createWorld();
  const { clock } = await createOnlineUnit({}, outside);
  await settle();
  expect(outside.did['askTarget']).toBe(1);
  outside.target = 'v2';
  breakLink(outside);
  clock.increment(60_000);
  await settle();
  await settle();
  expect(lastLink(outside).isHeld).toBe(true);
  expect(outside.did).toMatchObject({ askTarget: 2, download: 1 });
});

test('an update command without a version starts nothing', async () => {
  const { actor, it: outside } = await createOnlineUnit();
  actor.send({ type: 'command.received', command: 'update' });
  await settle();
  expect(outside.did['download']).toBeUndefined();
});

const hanging = async (step: string) => {
  const outside = Object.assign(createWorld(), { settings: { ...settings, stateSendIntervalMs: 100_000 } });
  outside.hangs.add(step);
  const unit = await createOnlineUnit({}, outside);
  unit.actor.send({ type: 'command.received', command: 'update', target: { commitVersion: 'v2' } });
  const until = async (seconds: number) => {
    while (unit.clock.now() < seconds * 1000) {
      unit.clock.increment(1000);
      await settle();
    }
  };
  return { ...unit, until };
};

describe('the old version is not reported past two intervals of an update (P3)', () => {
  test('however slow the download is; it is again once that has failed', async () => {
    const { it: outside, told, until } = await hanging('download');
    await until(599);
    expect(told()).not.toContain('updateFailed');
    expect(outside.reports).toHaveLength(2);
    await until(600);
    expect(told()).toContain('updateFailed');
    expect(outside.reports).toMatchObject(Array.from({ length: 3 }, () => ({ pu_commit_version: 'v1' })));
  });

  test('an update that fails sooner changes nothing', async () => {
    const { it: outside, told, until } = await hanging('verify');
    await until(300);
    expect(told()).toContain('updateFailed');
    expect(outside.reports).toHaveLength(3);
  });
});
