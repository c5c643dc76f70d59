import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { linked, start } from './under-test.ts';

/** A link that lasts is lost, and the station is asked at once. */
const lasting = async () => {
  const unit = await linked();
  unit.clock.increment(20_000);
  return unit;
};

describe('being linked', () => {
  test('a lost link is told at once and checked', async () => {
    const { watch, parent, state } = await lasting();
    watch.tell({ type: 'link.changed', linked: false });
    expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
    expect(state().value).toBe('checking');
    expect(watch.watchers).toBe(0);
  });

  test('one that is not to be had again is told as gone once, and the waits begin anew', async () => {
    const { clock, connect, readStatus, scan, parent, watch, state } = await lasting();
    watch.tell({ type: 'link.changed', linked: false });
    await readStatus.resolve({ linked: false });
    await scan.reject(failing('io'));
    expect(parent.types()).toEqual(['wifi.up', 'wifi.down', 'wifi.failed']);
    clock.increment(5000);
    expect(state().value).toBe('checking');
    await readStatus.resolve({ linked: true, ssid: 'home' });
    connect();
    await readStatus.reject(failing('io'));
    expect(parent.types().slice(-3)).toEqual(['wifi.up', 'wifi.failed', 'wifi.down']);
  });

  test('one that is lost soon after each join is joined again later each time, up to what the settings say (M14)', async () => {
    const { clock, readStatus, scan, join, watch, parent, state } = await linked();
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      watch.tell({ type: 'link.changed', linked: false });
      expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
      let waited = 0;
      for (; state().value === 'backingOff'; waited += 1) clock.increment(1000);
      waits.push(waited);
      await readStatus.resolve({ linked: false });
      await scan.resolve(true);
      await join.resolve();
      clock.increment(19_000);
    }
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
    clock.increment(1000);
    watch.tell({ type: 'link.changed', linked: false });
    expect(state().value).toBe('checking');
  });

  test('attempts that failed before a link that did not last count for its waits (M14)', async () => {
    const { clock, connect, readStatus, watch, state } = start();
    connect();
    await readStatus.reject(failing('io'));
    clock.increment(5000);
    await readStatus.resolve({ linked: true, ssid: 'home' });
    watch.tell({ type: 'link.changed', linked: false });
    clock.increment(9999);
    expect(state().value).toBe('backingOff');
    clock.increment(1);
    expect(state().value).toBe('checking');
  });

  test('another network counts as no link; ours changes nothing', async () => {
    const { watch, parent, state } = await linked();
    watch.tell({ type: 'link.changed', linked: true, ssid: 'home' });
    expect(state().value).toEqual({ linked: 'watched' });
    watch.tell({ type: 'link.changed', linked: true, ssid: 'other' });
    expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
  });

  test('a host that does not know its network has the one that was joined', async () => {
    const { connect, readStatus, scan, join, watch, parent, state, actor } = start();
    connect();
    await readStatus.resolve({ linked: true });
    await scan.resolve(true);
    await join.resolve();
    watch.tell({ type: 'link.changed', linked: true });
    expect(state().value).toEqual({ linked: 'watched' });
    actor.send({ type: 'wifi.connect', ssid: 'home', maxReconnectionMs: 60_000, revision: 1 });
    await readStatus.resolve({ linked: true });
    expect(parent.types()).toEqual(['wifi.up']);
    connect('work', 60_000, 2);
    await readStatus.resolve({ linked: true });
    expect(state().value).toBe('scanning');
  });

  test('a network without a name is not joined, in reach or not, and the variable is named', async () => {
    const { connect, readStatus, scan, join, parent, state } = start();
    connect('');
    await readStatus.resolve({ linked: false });
    await scan.resolve(true);
    expect(state().value).toBe('backingOff');
    expect(join.runs).toEqual([]);
    expect(parent.facts.at(-1)).toMatchObject({
      type: 'wifi.failed',
      failure: { message: 'PUC_WIFI_SSID is empty: there is no WiFi network to join. Name one in env.json.' },
    });
  });

  test('a link that can not be watched is checked now and then', async () => {
    const unit = start();
    unit.watch.isWatchable = false;
    unit.connect();
    await unit.readStatus.resolve({ linked: true, ssid: 'home' });
    expect(unit.state().value).toEqual({ linked: 'unwatched' });
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'wifi.unwatchable', failure: { message: 'no' } });
    unit.clock.increment(30_000);
    expect(unit.state().value).toBe('checking');
    await unit.readStatus.resolve({ linked: true, ssid: 'home' });
    expect(unit.parent.types(), 'told once (L7)').toEqual(['wifi.up', 'wifi.unwatchable']);
    unit.clock.increment(30_000);
    await unit.readStatus.resolve({ linked: false });
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
    expect(unit.parent.types().filter((type) => type === 'wifi.down')).toHaveLength(1);
  });

  test('another network asked for takes the link down before it joins', async () => {
    const { connect, readStatus, parent, state } = await linked();
    connect('work');
    expect(state().value).toBe('checking');
    await readStatus.resolve({ linked: true, ssid: 'home' });
    expect(state().value).toBe('scanning');
    expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
  });

  test('the same asked for again checks, without a false alarm', async () => {
    const { connect, readStatus, parent } = await linked();
    connect('home');
    await readStatus.resolve({ linked: true, ssid: 'home' });
    expect(parent.types()).toEqual(['wifi.up']);
  });

  test('the same asked for again during an attempt leaves that alone', async () => {
    const { connect, readStatus, scan, join } = start();
    connect();
    connect();
    await readStatus.resolve({ linked: false });
    connect();
    await scan.resolve(true);
    connect();
    expect([readStatus.runs.length, scan.runs.length, join.runs.length]).toEqual([1, 1, 1]);
    connect('work');
    expect(readStatus.runs).toHaveLength(2);
  });

  test.each([
    ['network', { ssid: 'work' }],
    ['password', { revision: 2 }],
    ['longest wait', { maxReconnectionMs: 30_000 }],
  ])('another %s asked for during an attempt begins anew', (_, change) => {
    const { connect, readStatus, state } = start();
    const goal = { ssid: 'home', maxReconnectionMs: 60_000, revision: 1, ...change };
    connect();
    connect(goal.ssid, goal.maxReconnectionMs, goal.revision);
    expect(readStatus.runs).toHaveLength(2);
    expect(state().context).toMatchObject(goal);
  });

  test('a watcher that breaks is replaced by a look now and then', async () => {
    const { clock, connect, parent, readStatus, state, watch } = start();
    watch.isBroken = true;
    connect();
    await readStatus.resolve({ linked: true, ssid: 'home' });
    expect(state().value).toEqual({ linked: 'unwatched' });
    expect(parent.facts.at(-1)).toMatchObject({ type: 'wifi.unwatchable', failure: { code: 'io' } });
    clock.increment(30_000);
    expect(readStatus.runs).toHaveLength(2);
  });
});

test('a new password for the network that it is in is used at once: it joins again', async () => {
  const { connect, join, readStatus, scan, parent, state } = await linked();
  connect('home', 60_000, 2);
  await readStatus.resolve({ linked: true, ssid: 'home' });
  expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
  await scan.resolve(true);
  await join.reject(failing('credentials'));
  expect(state().value).toBe('backingOff');
  connect('home', 60_000, 3);
  await readStatus.resolve({ linked: true, ssid: 'home' });
  await scan.resolve(true);
  await join.resolve();
  expect(state().value).toEqual({ linked: 'watched' });
  connect('home', 90_000, 3);
  await readStatus.resolve({ linked: true, ssid: 'home' });
  expect([state().value, join.runs.length]).toEqual([{ linked: 'watched' }, 2]);
});

test.each(['checking', 'linked', 'backingOff', 'unmanaged', 'idle'])('disconnects from %s', async (place) => {
  const unit = place === 'linked' ? await linked() : start();
  if (place === 'checking' || place === 'backingOff') unit.connect();
  if (place === 'backingOff') await unit.readStatus.reject(failing('io'));
  if (place === 'unmanaged') unit.actor.send({ type: 'wifi.assume' });
  const wasUp = unit.parent.types().includes('wifi.up');
  unit.actor.send({ type: 'wifi.disconnect' });
  unit.clock.increment(3_600_000);
  expect(unit.state().value).toBe('idle');
  expect(unit.parent.types().includes('wifi.down')).toBe(wasUp);
  expect(unit.watch.watchers).toBe(0);
});
