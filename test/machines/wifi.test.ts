import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { wifiMachine, type WifiFact } from '../../machines/wifi.ts';
import type { SsidInput, WifiLinkEvent, WifiStatus } from '../../services/wifi.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<WifiFact>();
  const readStatus = gate<WifiStatus>();
  const scan = gate<boolean, SsidInput>();
  const join = gate<void, SsidInput>();
  const watch = { watchers: 0, isWatchable: true, isBroken: false, tell: (_event: WifiLinkEvent): void => undefined };
  const watchLink = fromCallback<{ type: 'link.ignore' }, object, WifiLinkEvent>(({ sendBack }) => {
    if (watch.isBroken) throw failing('io');
    watch.watchers += 1;
    watch.tell = sendBack;
    if (!watch.isWatchable) {
      sendBack({ type: 'link.unwatchable', failure: { name: 'WifiError', code: 'unsupported', message: 'no' } });
    }
    return () => {
      watch.watchers -= 1;
    };
  });
  const actor = createActor(
    wifiMachine.provide({
      actors: { readStatus: readStatus.logic, scan: scan.logic, join: join.logic, watchLink },
    }),
    { clock, input: { parent: parent.ref } },
  ).start();
  const connect = (ssid = 'home', maxReconnectionMs = 60_000, revision = 1) =>
    actor.send({ type: 'wifi.connect', ssid, maxReconnectionMs, revision });
  return { actor, clock, parent, readStatus, scan, join, watch, connect, state: () => actor.getSnapshot() };
};

const linked = async (ssid = 'home') => {
  const unit = start();
  unit.connect(ssid);
  await unit.readStatus.resolve({ linked: true, ssid });
  return unit;
};

describe('a network that is not ours to manage', () => {
  test('is taken to be there', () => {
    const { actor, parent, state } = start();
    actor.send({ type: 'wifi.assume' });
    expect(state().value).toBe('unmanaged');
    expect(parent.facts).toEqual([{ type: 'wifi.ready' }, { type: 'wifi.up' }]);
  });

  test('is told once, however often it is asked for (L7)', () => {
    const { actor, parent } = start();
    actor.send({ type: 'wifi.assume' });
    actor.send({ type: 'wifi.assume' });
    expect(parent.types()).toEqual(['wifi.ready', 'wifi.up']);
  });

  test('is up where the unit was to manage it: told once as such, and nothing is scanned or joined (L7)', async () => {
    const { connect, readStatus, scan, join, parent, state } = start();
    for (const revision of [1, 2]) {
      connect('home', 60_000, revision);
      await readStatus.resolve({ linked: true, isUnmanaged: true });
      expect(state().value).toBe('unmanaged');
    }
    expect(parent.types()).toEqual(['wifi.ready', 'wifi.unmanaged', 'wifi.up']);
    expect([scan.runs.length, join.runs.length]).toEqual([0, 0]);
  });
});

describe('getting linked', () => {
  test('a station that is in the network already is left alone', async () => {
    const { parent, scan, join, state } = await linked();
    expect(state().value).toEqual({ linked: 'watched' });
    expect(parent.facts.at(-1)).toEqual({ type: 'wifi.up', ssid: 'home' });
    expect([scan.runs.length, join.runs.length]).toEqual([0, 0]);
  });

  test.each([{ linked: false }, { linked: true, ssid: 'other' }, { linked: false, ssid: 'home' }])(
    'from %o it scans, then joins',
    async (status) => {
      const { connect, readStatus, scan, join, parent, state } = start();
      connect();
      await readStatus.resolve(status);
      expect(state().value).toBe('scanning');
      expect(scan.last().input).toEqual({ ssid: 'home' });
      await scan.resolve(true);
      expect(join.last().input).toEqual({ ssid: 'home' });
      await join.resolve();
      expect(state().hasTag('ready')).toBe(true);
      expect(parent.facts.at(-1)).toEqual({ type: 'wifi.up', ssid: 'home' });
    },
  );

  test('a network out of reach is told with its name', async () => {
    const { connect, readStatus, scan, parent, state } = start();
    connect();
    await readStatus.resolve({ linked: false });
    await scan.resolve(false);
    expect(state().value).toBe('backingOff');
    expect(parent.facts.at(-1)).toMatchObject({ type: 'wifi.failed', failure: { code: 'notFound' } });
    expect(JSON.stringify(parent.facts.at(-1))).toContain('home');
  });

  test('waits 5 s, doubling up to what the settings say', async () => {
    const { connect, clock, readStatus } = start();
    connect('home', 30_000);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const runs = readStatus.runs.length;
      await readStatus.reject(failing('io'));
      let waited = 0;
      for (; readStatus.runs.length === runs && waited < 100; waited += 1) clock.increment(1000);
      waits.push(waited);
    }
    expect(waits).toEqual([5, 10, 20, 30, 30]);
  });

  test.each([
    ['checking', 10_000],
    ['scanning', 20_000],
    ['joining', 10_000],
  ] as const)('gives up %s after %i ms', async (place, within) => {
    const { connect, clock, readStatus, scan, parent, state } = start();
    connect();
    if (place !== 'checking') await readStatus.resolve({ linked: false });
    if (place === 'joining') await scan.resolve(true);
    expect(state().value).toBe(place);
    clock.increment(within);
    await settle();
    expect(state().value).toBe('backingOff');
    expect(parent.facts.at(-1)).toMatchObject({ type: 'wifi.failed', failure: { code: 'timeout' } });
  });

  test('a failure is told as repeated when the last one was the same, in kind and in words', async () => {
    const { clock, connect, readStatus, parent } = start();
    connect();
    const failWith = async (code: string, message: string) => {
      await readStatus.reject(failing(code, message));
      clock.increment(60_000);
      return parent.facts.findLast((fact) => fact.type === 'wifi.failed')?.isRepeated;
    };
    expect(await failWith('io', 'no radio')).toBe(false);
    expect(await failWith('io', 'no radio')).toBe(true);
    expect(await failWith('io', 'no driver')).toBe(false);
    expect(await failWith('timeout', 'no driver')).toBe(false);
  });

  test.each(['scan', 'join'] as const)('a failed %s backs off', async (step) => {
    const unit = start();
    unit.connect();
    await unit.readStatus.resolve({ linked: false });
    if (step === 'join') await unit.scan.resolve(true);
    await unit[step].reject(failing('credentials'));
    expect(unit.state().value).toBe('backingOff');
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'wifi.failed', failure: { code: 'credentials' } });
  });
});

describe('being linked', () => {
  test('a lost link is told at once and checked', async () => {
    const { watch, parent, state } = await linked();
    watch.tell({ type: 'link.changed', linked: false });
    expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
    expect(state().value).toBe('checking');
    expect(watch.watchers).toBe(0);
  });

  test('another network counts as no link; ours changes nothing', async () => {
    const { watch, parent, state } = await linked();
    watch.tell({ type: 'link.changed', linked: true, ssid: 'home' });
    expect(state().value).toEqual({ linked: 'watched' });
    watch.tell({ type: 'link.changed', linked: true, ssid: 'other' });
    expect(parent.facts.at(-1)).toEqual({ type: 'wifi.down' });
  });

  test('a link that can not be watched is checked now and then', async () => {
    const unit = start();
    unit.watch.isWatchable = false;
    unit.connect();
    await unit.readStatus.resolve({ linked: true, ssid: 'home' });
    expect(unit.state().value).toEqual({ linked: 'unwatched' });
    unit.clock.increment(30_000);
    expect(unit.state().value).toBe('checking');
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
    expect(parent.types()).toEqual(['wifi.ready', 'wifi.up']);
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
    const { clock, connect, readStatus, state, watch } = start();
    watch.isBroken = true;
    connect();
    await readStatus.resolve({ linked: true, ssid: 'home' });
    expect(state().value).toEqual({ linked: 'unwatched' });
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
