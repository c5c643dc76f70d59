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

describe('a start', () => {
  test('goes from the update left by the last one to settings, schema and work, each at its own fact', () => {
    const { lifecycle, restarted, sent } = withRecorders();
    expect(sent(start)).toEqual([recover]);
    expect(restarted('update')).toEqual([recover]);
    expect(lifecycle()).toBe('recovering');
    expect(sent({ type: 'update.recovered' })).toEqual([loadSettings]);
    expect(restarted('settings')).toEqual([loadSettings]);
    expect(lifecycle()).toBe('loadingSettings');
    expect(sent(loaded)).toContainEqual(loadSchema);
    expect(restarted('schema')).toEqual([loadSchema]);
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

  test('is no reason not to stop', async () => {
    const { lifecycle, release, sent, work } = misconfigured();
    sent(stop);
    expect([lifecycle(), work]).toEqual([{ closing: 'releasing' }, ['ended']]);
    await release.resolve();
    expect(lifecycle()).toBe('stopped');
  });
});

describe('without MQTT', () => {
  test('the unit works over REST alone, says so, and asks for its target', () => {
    const unit = atWork({ isRestOnly: true });
    expect(unit.lifecycle()).toEqual({ operating: 'restOnly' });
    expect(unit.messages.at(-1)).toEqual({ to: 'update', event: { type: 'update.askTarget' } });
    expect(unit.emitted.at(-1)).toEqual({ type: 'restOnly' });
    expect(unit.lines.at(-1)).toMatchObject({ level: 'Info', text: expect.stringContaining('REST alone') });
    expect(unit.restarted('update').at(-1)).toEqual({ to: 'update', event: { type: 'update.askTarget' } });
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
