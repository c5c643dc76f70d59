import { describe, expect, test } from 'vitest';
import { childNames, type ChildName } from '../../../machines/unit/context.ts';
import type { UnitEvent } from '../../../machines/unit.ts';
import { settings } from '../../support/unit-world.ts';
import { failure, linked, target, topics, withRecorders } from './under-test.ts';

const start: UnitEvent = { type: 'unit.start' };
const stop: UnitEvent = { type: 'unit.stop' };
const loaded: UnitEvent = { type: 'settings.loaded', settings };
const recover = { to: 'update', event: { type: 'update.recover' } };

const began = {
  update: { to: 'update', event: { type: 'update.start', target } },
  reset: { to: 'reset', event: { type: 'reset.restart' } },
};

const stopping = () => {
  const unit = linked();
  unit.sent(stop);
  return unit;
};

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

  const toldInClosing: Partial<Record<ChildName, string[]>> = {
    time: ['network.up'],
    mqtt: ['mqtt.disconnect', 'network.up'],
    update: ['update.configure'],
    logger: ['logger.configure', 'logger.flush'],
    stateReporter: ['reporter.configure'],
  };

  test.each(childNames)('has a child that starts again meanwhile begin nothing: %s', (child) => {
    const unit = linked({ managesWifi: true });
    unit.sent({ type: 'wifi.connect' });
    unit.fail(child);
    unit.sent(loaded, { type: 'schema.loaded', topics }, { type: 'wifi.up' }, { type: 'mqtt.disconnect' });
    unit.sent({ type: 'mqtt.connect' }, { type: 'mqtt.online', granted: 2, denied: [] }, { type: 'wifi.connect' });
    unit.sent(stop);
    unit.messages.length = 0;
    unit.clock.increment(1000);
    expect(unit.lifecycle()).toEqual({ closing: 'flushing' });
    const told = unit.messages.filter(({ to }) => to === child).map(({ event }) => event.type);
    expect(told).toEqual(toldInClosing[child] ?? []);
  });

  test.each([
    ['update', 'update', 1000],
    ['update', 'update', 600_000],
    ['reset', 'reset', 1000],
    ['reset', 'reset', 600_000],
  ] as const)('overtakes the command %s that waits for its child', (command, child, offMs) => {
    const unit = linked();
    if (offMs > 1000) for (let failures = 0; failures < 5; failures += 1) unit.restarted(child);
    unit.fail(child);
    unit.sent({ type: 'command.received', command, target }, stop);
    unit.messages.length = 0;
    unit.clock.increment(offMs);
    expect(unit.messages.filter(({ to }) => to === child)).not.toContainEqual(began[child]);
    unit.sent(start, { type: 'update.recovered' }, loaded, { type: 'schema.loaded', topics });
    expect(unit.messages).not.toContainEqual(began[child]);
  });

  test('before a start only lets go', async () => {
    const unit = withRecorders();
    expect(unit.sent(stop)).toEqual([]);
    expect(unit.lifecycle()).toEqual({ closing: 'releasing' });
    await unit.release.resolve();
    expect(unit.lifecycle()).toBe('stopped');
    expect(unit.emitted).toEqual([{ type: 'stopped' }]);
  });

  test.each<[string, (unit: ReturnType<typeof stopping>) => unknown]>([
    ['is flushed', ({ sent }) => sent({ type: 'logger.flushed' })],
    ['can not be flushed', ({ sent }) => sent({ type: 'logger.failed', failure })],
    ['is not flushed in 1.5 s', ({ clock }) => clock.increment(1500)],
  ])('leaves the network when the log %s, then lets go, and has ended', async (_, end) => {
    const unit = stopping();
    const before = unit.messages.length;
    unit.clock.increment(0);
    end(unit);
    expect(unit.messages.slice(before)).toEqual([
      { to: 'mqtt', event: { type: 'mqtt.disconnect' } },
      { to: 'wifi', event: { type: 'wifi.disconnect' } },
    ]);
    expect(unit.release.runs).toHaveLength(0);
    unit.sent({ type: 'mqtt.stopped' });
    expect(unit.lifecycle()).toEqual({ closing: 'releasing' });
    await unit.release.resolve();
    expect(unit.lifecycle()).toBe('stopped');
  });

  test('ends the work of the app first; only a start takes it up again', async () => {
    const { lifecycle, release, sent, work } = stopping();
    expect(work).toEqual(['ended']);
    sent({ type: 'logger.flushed' }, { type: 'mqtt.stopped' });
    await release.resolve();
    expect([lifecycle(), work]).toEqual(['stopped', ['ended']]);
    sent(start);
    expect(work).toEqual(['ended', 'resumed']);
  });

  test('tells what can not be put away, and has ended', async () => {
    const { lifecycle, lines, release, sent } = stopping();
    sent({ type: 'logger.flushed' }, { type: 'mqtt.stopped' });
    await release.reject(new Error('the disk is full'));
    expect(lines.at(-1)).toMatchObject({ level: 'Warning', text: 'Not all could be put away: the disk is full' });
    expect(lifecycle()).toBe('stopped');
  });

  test('takes 1.5 s for the log, 2.5 s for the link and 4.8 s in all at the most', () => {
    const unit = stopping();
    unit.clock.increment(1499);
    expect(unit.lifecycle()).toEqual({ closing: 'flushing' });
    unit.clock.increment(1);
    expect(unit.lifecycle()).toEqual({ closing: 'disconnecting' });
    unit.clock.increment(2499);
    expect(unit.lifecycle()).toEqual({ closing: 'disconnecting' });
    unit.clock.increment(1);
    expect(unit.lifecycle()).toEqual({ closing: 'releasing' });
    unit.clock.increment(799);
    expect(unit.lifecycle()).toEqual({ closing: 'releasing' });
    unit.clock.increment(1);
    expect(unit.lifecycle()).toBe('stopped');
  });

  test('lets a start that is asked for meanwhile follow, once', () => {
    const { clock, lifecycle, sent } = stopping();
    sent(start);
    clock.increment(4800);
    expect(lifecycle()).toBe('recovering');
    sent(stop);
    clock.increment(4800);
    expect(lifecycle()).toBe('stopped');
    expect(sent(start)).toEqual([recover]);
    expect(lifecycle()).toBe('recovering');
  });

  test('takes a start back', () => {
    const { clock, lifecycle, sent } = stopping();
    sent(start, stop);
    clock.increment(4800);
    expect(lifecycle()).toBe('stopped');
  });

  test('ends the work: what is wanted is told to nobody after it', async () => {
    const { release, sent } = stopping();
    sent({ type: 'logger.flushed' }, { type: 'mqtt.stopped' });
    await release.resolve();
    expect(sent({ type: 'mqtt.alsoWant', topics: ['extra'] })).toEqual([]);
    expect(sent({ type: 'command.received', command: 'reset' })).toEqual([]);
  });
});
