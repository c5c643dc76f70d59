import { describe, expect, test } from 'vitest';
import type { Message } from '../../../machines/unit/context.ts';
import type { UnitEvent } from '../../../machines/unit.ts';
import { settings } from '../../support/unit-world.ts';
import {
  atWork,
  baseTopic,
  broker,
  configure,
  connect,
  denied,
  failure,
  joinWifi,
  link,
  linked,
  network,
  target,
  topics,
  want,
  withRecorders,
} from './under-test.ts';

const wanted: Message = { to: 'settings', event: { type: 'broker.wanted' } };

describe('a request of the app', () => {
  test.each<Message>([
    { to: 'settings', event: { type: 'settings.load' } },
    { to: 'settings', event: { type: 'settings.refresh' } },
    { to: 'schema', event: { type: 'schema.load' } },
    { to: 'schema', event: { type: 'schema.refresh' } },
    { to: 'time', event: { type: 'time.sync' } },
    { to: 'mqtt', event: { type: 'mqtt.resubscribe' } },
    { to: 'update', event: { type: 'update.start', target } },
    { to: 'update', event: { type: 'update.configure', handsOver: true } },
    { to: 'logger', event: { type: 'logger.sync' } },
    { to: 'logger', event: { type: 'logger.toggle', sink: 'mqtt', enabled: false } },
    { to: 'stateReporter', event: { type: 'reporter.report' } },
  ])('goes to the child that it is for: $event.type', (message) => {
    expect(withRecorders().sent(message.event as UnitEvent)).toEqual([message]);
  });

  test('of a handler or a sink is remembered for the child that starts again', () => {
    const { sent, restarted, inputs } = atWork();
    sent({ type: 'update.configure', handsOver: true }, { type: 'update.configure', commitVersion: 'v1' });
    sent({ type: 'logger.toggle', sink: 'mqtt', enabled: false });
    expect(restarted('update')[0]).toEqual({
      to: 'update',
      event: { type: 'update.configure', handsOver: true, commitVersion: 'v1' },
    });
    expect(inputs.at(-1)).toMatchObject({ child: 'update', input: { handsOver: true } });
    restarted('logger');
    expect(inputs.at(-1)).toMatchObject({
      child: 'logger',
      input: { config: { minLevel: 'Info', maxLength: 32, console: true, file: true, mqtt: false } },
    });
  });

  test('for a link is one for good, until the unit starts again', async () => {
    const { release, sent } = linked();
    expect(sent({ type: 'mqtt.disconnect' })).toEqual([
      { to: 'mqtt', event: { type: 'mqtt.disconnect' } },
      { to: 'settings', event: { type: 'broker.unwanted' } },
    ]);
    expect(sent({ type: 'settings.loaded', settings })).toEqual(configure);
    expect(sent({ type: 'wifi.up' })).toEqual(network('network.up'));
    expect(sent({ type: 'mqtt.connect' })).toEqual([connect, wanted]);
    sent({ type: 'mqtt.disconnect' });
    expect(sent({ type: 'unit.stop' })).toContainEqual(wanted);
    sent({ type: 'logger.flushed' }, { type: 'mqtt.stopped' });
    await release.resolve();
    sent({ type: 'unit.start' }, { type: 'update.recovered' }, { type: 'settings.loaded', settings });
    expect(sent({ type: 'schema.loaded', topics })).toContainEqual(connect);
  });

  test('for a link waits for the unit to be at work', () => {
    const { sent } = withRecorders();
    sent({ type: 'mqtt.disconnect' });
    expect(sent({ type: 'mqtt.connect' })).toEqual([wanted]);
  });

  test('for a link that is wanted anyway changes nothing', () => {
    expect(withRecorders().sent({ type: 'mqtt.connect' })).toEqual([]);
    expect(linked().sent({ type: 'mqtt.connect' })).toEqual([]);
  });

  test('for topics is added to those of the schema', () => {
    const { sent } = atWork();
    expect(sent({ type: 'mqtt.alsoWant', topics: ['extra'] })).toEqual([
      { to: 'mqtt', event: { type: 'mqtt.want', topics: ['update', 'input', 'extra'] } },
    ]);
    expect(withRecorders().sent({ type: 'mqtt.alsoWant', topics: ['extra'] })).toEqual([]);
  });

  test('for WiFi is carried out at once, and by the next start', () => {
    const { restarted, sent } = atWork();
    expect(sent({ type: 'wifi.connect' })).toEqual([joinWifi]);
    expect(restarted('wifi')).toEqual([joinWifi]);
    expect(withRecorders().sent({ type: 'wifi.connect' })).toEqual([]);
  });
});

describe('a fact', () => {
  test.each<[string, UnitEvent, Message[]]>([
    ['wifi.up', { type: 'wifi.up' }, [...network('network.up'), connect]],
    ['wifi.down', { type: 'wifi.down' }, [...network('network.down'), connect]],
    ['mqtt.online with denied topics', { type: 'mqtt.online', granted: 1, denied }, broker('broker.up', [baseTopic])],
    [
      'mqtt.denied',
      { type: 'mqtt.denied', failure },
      (['settings', 'update'] as const).map((to) => ({ to, event: { type: 'broker.denied' } })),
    ],
    ['update.brokerFound', { type: 'update.brokerFound' }, [{ to: 'mqtt', event: { type: 'mqtt.retry' } }]],
    [
      'update.finished with new files',
      { type: 'update.finished', target, mode: 'env_schema_only' },
      [
        { to: 'settings', event: { type: 'settings.load' } },
        { to: 'schema', event: { type: 'schema.load' } },
      ],
    ],
    ['update.finished with a restart', { type: 'update.finished', target, mode: 'restart_exec' }, []],
    ['update.swapping', { type: 'update.swapping' }, [{ to: 'stateReporter', event: { type: 'reporter.hold' } }]],
    [
      'update.tried',
      { type: 'update.tried', version: 'v2', start: 1, maxStarts: 3, isSupervised: true },
      [{ to: 'stateReporter', event: { type: 'reporter.hold' } }],
    ],
    [
      'schema.loaded',
      { type: 'schema.loaded', topics },
      [want, { to: 'stateReporter', event: { type: 'reporter.resume' } }],
    ],
    [
      'schema.loaded without a state topic',
      { type: 'schema.loaded', topics: { ...topics, reportsState: false } },
      [want, { to: 'stateReporter', event: { type: 'reporter.hold' } }],
    ],
    ['settings.loaded', { type: 'settings.loaded', settings }, [...configure, connect]],
  ])('is told to those that it concerns: %s', (_, event, messages) => {
    expect(linked().sent(event)).toEqual(messages);
  });

  test('of a link goes to all that need one, and its end too', () => {
    const unit = atWork();
    unit.sent({ type: 'wifi.up' });
    expect(unit.sent({ type: 'mqtt.online', granted: 1, denied })).toEqual([
      ...link('broker.up'),
      ...broker('broker.up', [baseTopic]),
    ]);
    expect(unit.links).toEqual([{ type: 'mqtt.online', granted: 1, denied }]);
    expect(unit.sent({ type: 'mqtt.offline' })).toEqual([...link('broker.down'), ...broker('broker.down')]);
  });

  test('of a denied link is told again with the settings of that link, and with no others', () => {
    const { sent } = linked();
    const told = (linkRevision: number) =>
      sent({ type: 'settings.loaded', settings: { ...settings, linkRevision } }).filter(({ to }) => to === 'settings');
    sent({ type: 'mqtt.online', granted: 1, denied });
    expect(told(1)).toEqual([]);
    sent({ type: 'mqtt.offline', failure });
    expect(told(1)).toEqual([{ to: 'settings', event: { type: 'broker.denied', topics: [baseTopic] } }]);
    const all: Message = { to: 'settings', event: { type: 'broker.denied' } };
    expect(sent({ type: 'mqtt.denied', failure })[0]).toEqual(all);
    expect(told(1)).toEqual([all]);
    expect(told(2)).toEqual([]);
    sent({ type: 'mqtt.online', granted: 2, denied: [] }, { type: 'mqtt.offline', failure });
    expect(told(2)).toEqual([]);
  });

  test('of other settings has another WiFi joined, where that is the task of the unit', () => {
    const { sent } = linked({ managesWifi: true });
    expect(sent({ type: 'settings.loaded', settings })).toEqual([...configure, connect]);
    for (const change of [{ wifiRevision: 2 }, { wifiSsid: 'work' }, { maxReconnectionMs: 30_000 }]) {
      const [first] = sent({ type: 'settings.loaded', settings: { ...settings, ...change } });
      expect(first?.event.type).toBe('wifi.connect');
      sent({ type: 'settings.loaded', settings });
    }
    expect(linked().sent({ type: 'settings.loaded', settings: { ...settings, wifiRevision: 2 } })[0]?.to).toBe(
      'update',
    );
  });

  test('of an update that ended has reports go on', () => {
    const { sent } = linked();
    sent({ type: 'update.swapping' });
    expect(sent({ type: 'update.settled' })).toEqual([{ to: 'stateReporter', event: { type: 'reporter.resume' } }]);
  });
});

describe('a command of the instance', () => {
  test.each<[UnitEvent & { type: 'command.received' }, Message[]]>([
    [
      { type: 'command.received', command: 'update', target },
      [
        { to: 'update', event: { type: 'update.pursue', target } },
        { to: 'update', event: { type: 'update.start', target } },
      ],
    ],
    [{ type: 'command.received', command: 'update' }, []],
    [
      { type: 'command.received', command: 'env_update' },
      [
        { to: 'settings', event: { type: 'settings.pursue' } },
        { to: 'settings', event: { type: 'settings.refresh' } },
      ],
    ],
    [
      { type: 'command.received', command: 'schema_update' },
      [
        { to: 'schema', event: { type: 'schema.pursue' } },
        { to: 'schema', event: { type: 'schema.refresh' } },
      ],
    ],
    [{ type: 'command.received', command: 'log_sync' }, [{ to: 'logger', event: { type: 'logger.sync' } }]],
    [{ type: 'command.received', command: 'reset' }, [{ to: 'reset', event: { type: 'reset.restart' } }]],
  ])('is carried out by its child, and counted: $command', (event, messages) => {
    const unit = linked();
    expect(unit.sent(event)).toEqual(messages);
    expect(unit.state().context.counts.commands[event.command]).toBe(1);
    expect(unit.sent(event)).toEqual(messages);
    expect(unit.state().context.counts.commands[event.command]).toBe(2);
    const idle = withRecorders();
    expect(idle.sent(event), 'not before the unit is at work').toEqual([]);
    expect(idle.state().context.counts.commands[event.command]).toBe(0);
  });
});
