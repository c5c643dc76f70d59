import { describe, expect, test } from 'vitest';
import { settings } from '../../support/unit-world.ts';
import type { Message } from '../../../machines/unit/context.ts';
import { broker, configure, connect, linked, want, withRecorders } from './under-test.ts';

describe('a child that starts again', () => {
  const ready = {
    settings: 'settings.ready',
    schema: 'schema.ready',
    wifi: 'wifi.ready',
    time: 'time.ready',
    mqtt: 'mqtt.ready',
    update: 'update.ready',
    logger: 'logger.ready',
    reset: 'reset.ready',
    stateReporter: 'reporter.ready',
  } as const;
  const down = { type: 'broker.down' } as const;
  const wanted: Message = { to: 'settings', event: { type: 'broker.wanted' } };
  const configureUpdate: Message = { to: 'update', event: { type: 'update.configure', handsOver: false } };

  test.each<[keyof typeof ready, Message[], Message[]]>([
    [
      'settings',
      [{ to: 'settings', event: down }, wanted],
      [{ to: 'settings', event: { type: 'broker.up', denied: [] } }, wanted],
    ],
    ['schema', [], []],
    ['wifi', [], [{ to: 'wifi', event: { type: 'wifi.assume' } }]],
    ['time', [{ to: 'time', event: { type: 'network.down' } }], [{ to: 'time', event: { type: 'network.up' } }]],
    [
      'mqtt',
      [{ to: 'mqtt', event: { type: 'network.down' } }],
      [want, { to: 'mqtt', event: { type: 'network.up' } }, connect],
    ],
    [
      'update',
      [configureUpdate],
      [
        configure[0] ?? configureUpdate,
        { to: 'update', event: { type: 'update.recover' } },
        { to: 'update', event: { type: 'broker.up', denied: [] } },
      ],
    ],
    ['logger', [{ to: 'logger', event: down }], [{ to: 'logger', event: { type: 'broker.up' } }]],
    ['reset', [], [{ to: 'reset', event: { type: 'reset.recall' } }]],
    [
      'stateReporter',
      [
        { to: 'stateReporter', event: { type: 'reporter.resume' } },
        { to: 'stateReporter', event: down },
      ],
      [
        { to: 'stateReporter', event: { type: 'reporter.resume' } },
        { to: 'stateReporter', event: { type: 'reporter.configure', commitVersion: 'v1', intervalMs: 300_000 } },
        { to: 'stateReporter', event: { type: 'broker.up' } },
      ],
    ],
  ])('is told where the unit stands: %s', (child, before, online) => {
    expect(withRecorders().sent({ type: ready[child] })).toEqual(before);
    expect(linked().sent({ type: ready[child] })).toEqual(online);
  });

  test('gets the newest of each kind that came while it was away, after that', () => {
    const unit = linked();
    unit.fail('logger');
    expect(unit.sent({ type: 'logger.sync' }, { type: 'mqtt.offline' }, { type: 'logger.sync' })).toEqual([
      { to: 'stateReporter', event: down },
      ...broker('broker.down'),
    ]);
    unit.clock.increment(1000);
    expect(unit.sent({ type: 'logger.ready' })).toEqual([
      { to: 'logger', event: down },
      { to: 'logger', event: down },
      { to: 'logger', event: { type: 'logger.sync' } },
    ]);
    expect(unit.sent({ type: 'logger.ready' }), 'once').toEqual([{ to: 'logger', event: down }]);
  });

  test('is asked for no WiFi before the unit is at work', () => {
    const unit = withRecorders();
    unit.sent({ type: 'unit.start' }, { type: 'update.recovered' }, { type: 'settings.loaded', settings });
    expect(unit.sent({ type: 'wifi.ready' })).toEqual([]);
  });

  test('gets a command that came while it was away', () => {
    const unit = linked();
    unit.fail('schema');
    expect(unit.sent({ type: 'command.received', command: 'schema_update' })).toEqual([]);
    unit.clock.increment(1000);
    expect(unit.sent({ type: 'schema.ready' })).toEqual([
      { to: 'schema', event: { type: 'schema.pursue' } },
      { to: 'schema', event: { type: 'schema.refresh' } },
    ]);
  });
});
