import { describe, expect, test } from 'vitest';
import type { UnitEvent } from '../../../machines/unit.ts';
import { settings } from '../../support/unit-world.ts';
import { restart, stop, stopped, disconnect, wish, noMemory, left, leaving } from './leaving.ts';
import { connect, failure, linked, withRecorders, type RecordedUnit } from './under-test.ts';
import { regionOf } from '../../../machines/unit/known.ts';

const begun = ({ restart: { awaitFiles, flush, releaseOutbox, handOver } }: RecordedUnit) =>
  Object.entries({ awaitFiles, flush, releaseOutbox, handOver }).flatMap(([name, { runs }]) => runs.map(() => name));

describe('the order of a restart', () => {
  test.each<[ends: string, end: (unit: RecordedUnit) => unknown, from: string, to: unknown, does: string[]]>([
    [
      'no file moves',
      ({ restart: { awaitFiles } }) => awaitFiles.resolve(),
      'awaitingFiles',
      left('flushing'),
      ['flush'],
    ],
    [
      'no machine moves files',
      ({ restart: { awaitFiles } }) => awaitFiles.reject(new Error('off')),
      'awaitingFiles',
      left('flushing'),
      ['flush'],
    ],
    ['the log is out', ({ restart: { flush } }) => flush.resolve(), 'flushing', left('disconnecting'), []],
    [
      'the log can not be written',
      ({ restart: { flush } }) => flush.reject(new Error('full')),
      'flushing',
      left('disconnecting'),
      [],
    ],
    ['the log is not out in 5 s', ({ clock }) => clock.increment(5000), 'flushing', left('disconnecting'), []],
    ['the link is closed', ({ sent }) => sent(stopped), 'disconnecting', left('releasing'), ['releaseOutbox']],
    [
      'the link does not close in 5 s',
      ({ clock }) => clock.increment(5000),
      'disconnecting',
      left('releasing'),
      ['releaseOutbox'],
    ],
    [
      'the machine of the link fails',
      ({ fail }) => fail('mqtt'),
      'disconnecting',
      left('releasing'),
      ['releaseOutbox'],
    ],
    [
      'the outbox is closed',
      ({ restart: { releaseOutbox } }) => releaseOutbox.resolve(),
      'releasing',
      left('handingOver'),
      ['handOver'],
    ],
    [
      'the outbox can not be closed',
      ({ restart: { releaseOutbox } }) => releaseOutbox.reject(new Error('io')),
      'releasing',
      left('handingOver'),
      ['handOver'],
    ],
    ['another process has begun', ({ restart: { handOver } }) => handOver.resolve(), 'handingOver', 'replaced', []],
    [
      'no other process can begin',
      ({ restart: { handOver } }) => handOver.reject(noMemory),
      'handingOver',
      'running',
      [],
    ],
  ])('when %s', async (_, end, from, to, does) => {
    const unit = await leaving(from);
    expect(unit.program()).toEqual(from === 'awaitingFiles' ? from : left(from));
    const before = begun(unit).length;
    unit.clock.increment(0);
    await end(unit);
    expect([unit.program(), begun(unit).slice(before)]).toEqual([to, does]);
  });

  test('gives the log and the link 5 s each, and no less', async () => {
    const unit = await leaving('flushing');
    unit.clock.increment(4999);
    expect(unit.program()).toEqual(left('flushing'));
    unit.clock.increment(1);
    unit.clock.increment(4999);
    expect(unit.program()).toEqual(left('disconnecting'));
    unit.clock.increment(1);
    expect(unit.program()).toEqual(left('releasing'));
  });

  test('closes the link once the log is out, and tells that it is not wanted', async () => {
    const unit = await leaving('flushing');
    const before = unit.messages.length;
    await unit.restart.flush.resolve();
    expect(unit.messages.slice(before)).toEqual([disconnect, wish('broker.unwanted')]);
  });

  test.each<[string, UnitEvent[]]>([
    ['was not started', []],
    ['recovers', [{ type: 'unit.start' }]],
    ['waits for its settings', [{ type: 'unit.start' }, { type: 'update.recovered' }]],
    [
      'waits for its schema',
      [{ type: 'unit.start' }, { type: 'update.recovered' }, { type: 'settings.loaded', settings }],
    ],
    [
      'is misconfigured',
      [{ type: 'unit.start' }, { type: 'update.recovered' }, { type: 'settings.failed', failure, during: 'load' }],
    ],
  ])('closes no link of a unit that %s', async (_, events) => {
    const unit = withRecorders();
    unit.sent(...events);
    await leaving('disconnecting', unit);
    expect(unit.program()).toEqual(left('releasing'));
    expect(unit.messages).not.toContainEqual(disconnect);
  });

  test('closes none with MQTT switched off, nor where its machine is away', async () => {
    const overRest = await leaving('disconnecting', linked({ isRestOnly: true }));
    expect(overRest.program()).toEqual(left('releasing'));
    expect(overRest.messages).not.toContainEqual(disconnect);
    const away = linked();
    away.fail('mqtt');
    expect((await leaving('disconnecting', away)).program()).toEqual(left('releasing'));
    const off = linked();
    for (let failures = 0; failures < 6; failures += 1) {
      off.fail('mqtt');
      off.clock.increment(1000);
    }
    expect(off.state().value).toMatchObject(regionOf('mqtt', 'failed'));
    expect((await leaving('disconnecting', off)).program()).toEqual(left('releasing'));
  });

  test('hands over by the mode that was asked for', async () => {
    const unit = await leaving('handingOver');
    expect(unit.restart.handOver.last().input).toMatchObject({ mode: 'restart_popen' });
  });

  test('is one for all who ask meanwhile, by the mode of the first', async () => {
    const unit = await leaving('flushing');
    unit.sent({ type: 'unit.restart', mode: 'exit' });
    expect([unit.program(), begun(unit)]).toEqual([left('flushing'), ['awaitFiles', 'flush']]);
    await unit.restart.flush.resolve();
    unit.sent(stopped);
    await unit.restart.releaseOutbox.resolve();
    expect(unit.restart.handOver.last().input).toMatchObject({ mode: 'restart_popen' });
  });
});

describe('a program that leaves', () => {
  const asks: readonly UnitEvent[][] = [
    [{ type: 'mqtt.disconnect' }, { type: 'mqtt.connect' }],
    [{ type: 'mqtt.started' }],
    [{ type: 'settings.loaded', settings }],
    [{ type: 'wifi.up' }],
  ];

  test.each(asks)('wants no link, also at $type', async (...events) => {
    for (const state of ['disconnecting', 'releasing', 'handingOver']) {
      const unit = await leaving(state);
      const told = unit.sent(...events).map((message) => message.event.type);
      expect(told).not.toContain('mqtt.connect');
      expect(told).not.toContain('broker.wanted');
    }
  });

  test('has its link while files move', async () => {
    const unit = await leaving('awaitingFiles');
    unit.sent({ type: 'mqtt.disconnect' });
    expect(unit.sent({ type: 'mqtt.connect' })).toEqual([connect, wish('broker.wanted')]);
  });

  test('wants none either once another process runs it', async () => {
    const unit = await leaving('handingOver');
    await unit.restart.handOver.resolve();
    unit.sent({ type: 'mqtt.disconnect' });
    expect(unit.sent({ type: 'mqtt.connect' })).toEqual([wish('broker.unwanted')]);
    unit.sent({ type: 'cycle.start' });
    expect([unit.state().value.mainCycle, unit.cycles]).toEqual([{ on: 'paused' }, []]);
    unit.sent(restart, stop);
    expect(unit.program()).toBe('replaced');
  });
});
