import { describe, expect, test } from 'vitest';
import { settle } from '../../support/until.ts';
import { lastLink, createOnlineUnit, settings } from '../../support/unit-world.ts';

describe('commands', () => {
  test.each([
    ['env_update', 'settings.refresh'],
    ['schema_update', 'schema.refresh'],
    ['log_sync', 'readStored'],
    ['update', 'download'],
  ] as const)('%s is obeyed, counted, told and logged', async (command, what) => {
    const { actor, clock, it: outside, lines, news } = await createOnlineUnit();
    actor.send({ type: 'command.received', command, target: { commitVersion: 'v2' } });
    clock.increment(250);
    await settle();
    expect(outside.did[what]).toBe(1);
    expect(actor.getSnapshot().context.counts.commands[command]).toBe(1);
    expect(news).toContainEqual({ type: 'command', command });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: command === 'update' ? 'Debug' : 'Info', text: `Command received: ${command}` }),
    );
  });

  test('a reset is counted, told, logged in the words that the platform waits for, and restarts the program', async () => {
    const { actor, it: outside, lines, news } = await createOnlineUnit({ restartMode: 'no_restart' });
    for (let times = 0; times < 3; times += 1) actor.send({ type: 'command.received', command: 'reset' });
    await settle();
    expect(outside.did['reset']).toBe(1);
    expect(actor.getSnapshot().context.counts.commands.reset).toBe(3);
    expect(news.filter(({ type }) => type === 'command')).toHaveLength(3);
    const told = lines.filter(({ text }) => /reset/i.test(text));
    expect(told).toEqual([{ level: 'Info', text: 'Reset command received, restarting program' }]);
  });

  test('a command that comes while an earlier one runs is not dropped', async () => {
    const { actor, it: outside } = await createOnlineUnit();
    for (let time = 0; time < 5; time += 1) actor.send({ type: 'command.received', command: 'schema_update' });
    await settle();
    await settle();
    expect(outside.did['schema.refresh']).toBe(2);
  });

  test('a new schema changes the subscriptions', async () => {
    const { actor, it: outside } = await createOnlineUnit();
    outside.topics = { subscribed: ['update', 'other'], reportsState: true };
    actor.send({ type: 'command.received', command: 'schema_update' });
    await settle();
    expect(lastLink(outside).subscribed).toEqual(['update', 'other']);
    expect(outside.links).toHaveLength(1);
  });

  test('a new env reaches every child: link, WiFi, logger, reporter, update', async () => {
    const { actor, it: outside, lifecycle } = await createOnlineUnit({ managesWifi: true });
    outside.settings = {
      ...settings,
      linkRevision: 2,
      wifiRevision: 2,
      wifiSsid: 'work',
      maxLogLength: 9,
      commitVersion: 'v2',
    };
    actor.send({ type: 'command.received', command: 'env_update' });
    await settle();
    await settle();
    expect(outside.links.filter(({ isHeld }) => isHeld)).toHaveLength(1);
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(outside.wifi.ssid).toBe('work');
    expect(outside.configs.at(-1)?.maxLength).toBe(9);
    expect(actor.getSnapshot().children.update?.getSnapshot().context.commitVersion).toBe('v2');
    expect(actor.getSnapshot().children.stateReporter?.getSnapshot().context.commitVersion).toBe('v2');
  });

  test('a new token alone replaces the link', async () => {
    const { actor, it: outside, lifecycle } = await createOnlineUnit();
    outside.settings = { ...settings, linkRevision: 2 };
    actor.send({ type: 'command.received', command: 'env_update' });
    await settle();
    await settle();
    expect(outside.links.map(({ isHeld }) => isHeld)).toEqual([false, true]);
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('a failed refresh is told and logged, and nothing else changes', async () => {
    const { actor, it: outside, lifecycle, lines, news } = await createOnlineUnit();
    outside.failures.add('settings.refresh');
    actor.send({ type: 'command.received', command: 'env_update' });
    await settle();
    expect(news.at(-1)).toMatchObject({ type: 'settingsFailed' });
    const text = 'Settings: refresh failed and is tried again: settings.refresh failed';
    expect(lines.at(-1)).toEqual({ level: 'Warning', text });
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('after an update of env and schema both files are read again', async () => {
    const { actor, it: outside, lines, told } = await createOnlineUnit();
    Object.assign(outside, { settings: { ...settings, commitVersion: 'v2' }, target: 'v2' });
    actor.send({ type: 'command.received', command: 'update', target: { commitVersion: 'v2' } });
    await settle();
    await settle();
    expect(told()).toEqual(expect.arrayContaining(['updateBegan', 'updateSwapped', 'updateFinished']));
    expect(outside.did).toMatchObject({ swap: 1, 'settings.load': 2, 'schema.load': 2 });
    expect(outside.did['restart']).toBeUndefined();
    actor.send({ type: 'command.received', command: 'update', target: { commitVersion: 'v2' } });
    await settle();
    expect(told().at(-1)).toBe('updateSkipped');
    expect(lines.slice(-2)).toEqual([
      { level: 'Debug', text: 'Command received: update' },
      { level: 'Debug', text: 'Update skipped: v2 runs already' },
    ]);
  });

  test('a failed update is critical and names phase and cause', async () => {
    const { actor, it: outside, lines, lifecycle } = await createOnlineUnit();
    outside.failures.add('verify');
    actor.send({ type: 'command.received', command: 'update', target: { commitVersion: 'v2' } });
    await settle();
    await settle();
    expect(lines.at(-1)).toEqual({ level: 'Critical', text: 'Update to v2 failed while verifying: verify failed' });
    expect(outside.did['discard']).toBe(1);
    expect(lifecycle()).toEqual({ operating: 'online' });
  });
});
