import { describe, expect, test } from 'vitest';
import type { UnitEvent } from '../../../machines/unit.ts';
import { settings } from '../../support/unit-world.ts';
import { atWork, failure, linked, topics, withRecorders } from './under-test.ts';

const start: UnitEvent = { type: 'unit.start' };
const stop: UnitEvent = { type: 'unit.stop' };
const loaded: UnitEvent = { type: 'settings.loaded', settings };
const recover = { to: 'update', event: { type: 'update.recover' } };
const loadSettings = { to: 'settings', event: { type: 'settings.load' } };
const loadSchema = { to: 'schema', event: { type: 'schema.load' } };

const stopping = () => {
  const unit = linked();
  unit.sent(stop);
  return unit;
};

describe('a start', () => {
  test('goes from the update left by the last one to settings, schema and work, each at its own fact', () => {
    const { lifecycle, sent } = withRecorders();
    expect(sent(start)).toEqual([recover]);
    expect(sent({ type: 'update.ready' })).toContainEqual(recover);
    expect(lifecycle()).toBe('recovering');
    expect(sent({ type: 'update.recovered' })).toEqual([loadSettings]);
    expect(sent({ type: 'settings.ready' })).toContainEqual(loadSettings);
    expect(lifecycle()).toBe('loadingSettings');
    expect(sent(loaded)).toContainEqual(loadSchema);
    expect(sent({ type: 'schema.ready' })).toEqual([loadSchema]);
    expect(lifecycle()).toBe('loadingSchema');
    const messages = sent({ type: 'schema.loaded', topics });
    expect(lifecycle()).toEqual({ operating: 'offline' });
    const types = messages.map(({ event }) => event.type);
    expect(types).toEqual(['reporter.resume', 'mqtt.want', 'wifi.assume', 'reset.recall']);
  });

  test.each<UnitEvent>([
    { type: 'update.settled' },
    { type: 'update.recovered' },
    { type: 'update.tried', version: 'v2', start: 1, maxStarts: 3, isSupervised: true },
  ])('goes on when the update says so: $type', (fact) => {
    const { lifecycle, sent } = withRecorders();
    sent(start, fact);
    expect(lifecycle()).toBe('loadingSettings');
  });

  test('waits for an update for two minutes and a half at the most', () => {
    const { clock, lifecycle, sent } = withRecorders();
    sent(start);
    clock.increment(149_999);
    expect(lifecycle()).toBe('recovering');
    clock.increment(1);
    expect(lifecycle()).toBe('loadingSettings');
  });

  test('with WiFi to manage joins it, and asks for a link at once where there is a network', () => {
    const { sent } = withRecorders({ managesWifi: true });
    sent(start, { type: 'update.recovered' }, loaded, { type: 'wifi.up' });
    const messages = sent({ type: 'schema.loaded', topics });
    expect(messages.map(({ event }) => event.type)).toEqual([
      'reporter.resume',
      'mqtt.want',
      'wifi.connect',
      'reset.recall',
      'mqtt.connect',
    ]);
  });
});

const misconfigured = () => {
  const unit = withRecorders();
  unit.sent(start, { type: 'update.recovered' }, { type: 'settings.failed', failure, during: 'load' });
  return unit;
};

describe('what can not be read', () => {
  test.each(['settings', 'schema'] as const)('is told: %s', (what) => {
    const unit = withRecorders();
    unit.sent(start, { type: 'update.recovered' });
    if (what === 'schema') unit.sent(loaded);
    unit.sent({ type: `${what}.failed`, failure, during: 'load' });
    expect(unit.lifecycle()).toBe('misconfigured');
    expect(unit.emitted.slice(-2)).toEqual([
      { type: `${what}Failed`, failure },
      { type: 'misconfigured', failure },
    ]);
  });

  test('is read again by the next start, from its beginning', () => {
    const { lifecycle, sent } = misconfigured();
    expect(sent(start)).toEqual([recover]);
    expect(lifecycle()).toBe('recovering');
  });

  test('may come by itself: settings, then the schema', () => {
    const { lifecycle, sent, state } = misconfigured();
    sent({ type: 'schema.loaded', topics });
    expect(lifecycle(), 'a schema alone is not enough').toBe('misconfigured');
    sent(loaded);
    expect(lifecycle()).toBe('loadingSchema');
    expect(state().context.failure).toBeUndefined();
    sent({ type: 'schema.failed', failure, during: 'load' }, { type: 'schema.loaded', topics });
    expect(lifecycle()).toEqual({ operating: 'offline' });
  });

  test('is no reason not to stop', () => {
    const { lifecycle, sent } = misconfigured();
    sent(stop);
    expect(lifecycle()).toBe('stopped');
  });
});

describe('a stop', () => {
  const ways: readonly UnitEvent[][] = [
    [],
    [{ type: 'update.recovered' }],
    [{ type: 'update.recovered' }, loaded],
    [{ type: 'update.recovered' }, loaded, { type: 'schema.loaded', topics }],
  ];

  test.each(ways)('closes first, however far the start has come: %#', (...events) => {
    const { lifecycle, sent } = withRecorders();
    sent(start, ...events);
    expect(sent(stop)).toContainEqual({ to: 'logger', event: { type: 'logger.flush' } });
    expect(lifecycle()).toEqual({ closing: 'flushing' });
  });

  test('before a start is one at once', () => {
    const unit = withRecorders();
    unit.sent(stop);
    expect(unit.lifecycle()).toBe('stopped');
    expect(unit.emitted).toEqual([{ type: 'stopped' }]);
  });

  test.each<[string, (unit: ReturnType<typeof stopping>) => unknown]>([
    ['is flushed', ({ sent }) => sent({ type: 'logger.flushed' })],
    ['can not be flushed', ({ sent }) => sent({ type: 'logger.failed', failure })],
    ['is not flushed in 1.5 s', ({ clock }) => clock.increment(1500)],
  ])('leaves the network when the log %s, and ends with the link', (_, end) => {
    const unit = stopping();
    const before = unit.messages.length;
    unit.clock.increment(0);
    end(unit);
    expect(unit.messages.slice(before)).toEqual([
      { to: 'mqtt', event: { type: 'mqtt.disconnect' } },
      { to: 'wifi', event: { type: 'wifi.disconnect' } },
    ]);
    unit.sent({ type: 'mqtt.stopped' });
    expect(unit.lifecycle()).toBe('stopped');
  });

  test('takes 1.5 s for the log and 4.5 s in all at the most', () => {
    const unit = stopping();
    unit.clock.increment(1499);
    expect(unit.lifecycle()).toEqual({ closing: 'flushing' });
    unit.clock.increment(1);
    expect(unit.lifecycle()).toEqual({ closing: 'disconnecting' });
    unit.clock.increment(2999);
    expect(unit.lifecycle()).toEqual({ closing: 'disconnecting' });
    unit.clock.increment(1);
    expect(unit.lifecycle()).toBe('stopped');
  });

  test('lets a start that is asked for meanwhile follow, once', () => {
    const { clock, lifecycle, sent } = stopping();
    sent(start);
    clock.increment(1500);
    clock.increment(3000);
    expect(lifecycle()).toBe('recovering');
    sent(stop);
    clock.increment(1500);
    clock.increment(3000);
    expect(lifecycle()).toBe('stopped');
    expect(sent(start)).toEqual([recover]);
    expect(lifecycle()).toBe('recovering');
  });

  test('takes a start back', () => {
    const { clock, lifecycle, sent } = stopping();
    sent(start, stop);
    clock.increment(1500);
    clock.increment(3000);
    expect(lifecycle()).toBe('stopped');
  });

  test('ends the work: what is wanted is told to nobody after it', () => {
    const { sent } = stopping();
    sent({ type: 'logger.flushed' }, { type: 'mqtt.stopped' });
    expect(sent({ type: 'mqtt.alsoWant', topics: ['extra'] })).toEqual([]);
    expect(sent({ type: 'command.received', command: 'reset' })).toEqual([]);
  });
});

describe('without MQTT', () => {
  test('the unit works over REST alone, says so, and asks for its target', () => {
    const unit = atWork({ isRestOnly: true });
    expect(unit.lifecycle()).toEqual({ operating: 'restOnly' });
    expect(unit.messages.at(-1)).toEqual({ to: 'update', event: { type: 'update.askTarget' } });
    expect(unit.emitted.at(-1)).toEqual({ type: 'restOnly' });
    expect(unit.lines.at(-1)).toMatchObject({ level: 'Info', text: expect.stringContaining('REST alone') });
    expect(unit.sent({ type: 'update.ready' }).at(-1)).toEqual({ to: 'update', event: { type: 'update.askTarget' } });
    expect(unit.sent({ type: 'wifi.up' }).map(({ event }) => event.type)).toEqual(['network.up', 'network.up']);
  });
});

const held = (unit: ReturnType<typeof linked>) =>
  unit.messages.filter(({ event }) => event.type === 'reporter.hold').length;

describe('reports during an update', () => {
  test('go on for two intervals, and end with the swap or after them', () => {
    const late = linked();
    late.sent({ type: 'update.began', target: { commitVersion: 'v2' } });
    late.clock.increment(599_999);
    expect(held(late)).toBe(0);
    late.clock.increment(1);
    expect(held(late)).toBe(1);
    const swapped = linked();
    swapped.sent({ type: 'update.began', target: { commitVersion: 'v2' } }, { type: 'update.swapping' });
    expect(held(swapped)).toBe(1);
    const failed = linked();
    failed.sent({ type: 'update.began', target: { commitVersion: 'v2' } }, { type: 'update.settled' });
    failed.clock.increment(600_000);
    expect(held(failed)).toBe(0);
  });

  test('go on for good once it has ended', () => {
    const unit = linked();
    unit.sent({ type: 'update.swapping' }, { type: 'update.settled' });
    unit.clock.increment(600_000);
    expect(held(unit)).toBe(1);
  });

  test('stop at once for a version on trial', () => {
    const unit = linked();
    const tried: UnitEvent = { type: 'update.tried', version: 'v2', start: 1, maxStarts: 3, isSupervised: true };
    unit.sent({ type: 'update.began', target: { commitVersion: 'v2' } }, tried);
    expect(held(unit)).toBe(1);
  });
});

test('counts what happens on the link', () => {
  const { sent, state } = linked();
  for (let times = 1; times <= 2; times += 1) {
    sent({ type: 'mqtt.connected', sessionPresent: false, version: 5 }, { type: 'mqtt.offline' });
    sent({ type: 'mqtt.denied', failure }, { type: 'reporter.sent' });
    expect(state().context.counts).toMatchObject({
      connects: times,
      disconnects: times,
      denials: times,
      reports: times,
    });
  }
});
