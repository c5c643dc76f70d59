import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';
import { linked, start } from './under-test.ts';

describe('a network that is not ours to manage', () => {
  test('is taken to be there', () => {
    const { actor, parent, state } = start();
    actor.send({ type: 'wifi.assume' });
    expect(state().value).toBe('unmanaged');
    expect(parent.facts).toEqual([{ type: 'wifi.up' }]);
  });

  test('is told once, however often it is asked for (L7)', () => {
    const { actor, parent } = start();
    actor.send({ type: 'wifi.assume' });
    actor.send({ type: 'wifi.assume' });
    expect(parent.types()).toEqual(['wifi.up']);
  });

  test('is up where the unit was to manage it: told once as such, and nothing is scanned or joined (L7)', async () => {
    const { connect, readStatus, scan, join, parent, state } = start();
    for (const revision of [1, 2]) {
      connect('home', 60_000, revision);
      await readStatus.resolve({ linked: true, isUnmanaged: true });
      expect(state().value).toBe('unmanaged');
    }
    expect(parent.types()).toEqual(['wifi.unmanaged', 'wifi.up']);
    expect([scan.runs.length, join.runs.length]).toEqual([0, 0]);
  });
});

test('a network that was taken to be there and is ours is told by its name', async () => {
  const { actor, connect, readStatus, parent } = start();
  actor.send({ type: 'wifi.assume' });
  connect();
  await readStatus.resolve({ linked: true, ssid: 'home' });
  expect(parent.facts).toEqual([{ type: 'wifi.up' }, { type: 'wifi.up', ssid: 'home' }]);
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
