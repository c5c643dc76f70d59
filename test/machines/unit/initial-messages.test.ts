import { describe, expect, test } from 'vitest';
import { createActor, type AnyActorLogic, type AnyActorRef } from 'xstate';
import { settings } from '../../support/unit-world.ts';
import { unitMachine } from '../../../machines/unit.ts';
import { childNames, type ChildName, type Message } from '../../../machines/unit/context.ts';
import { broker, configure, connect, joinWifi, linked, topics, unitInput, want, withRecorders } from './under-test.ts';

const down = { type: 'broker.down' } as const;

describe('a child that starts again', () => {
  const [configureUpdate] = configure;

  test.each<[ChildName, (Message | undefined)[]]>([
    [
      'settings',
      [
        { to: 'settings', event: { type: 'settings.load' } },
        { to: 'settings', event: { type: 'broker.up', denied: [] } },
      ],
    ],
    ['schema', [{ to: 'schema', event: { type: 'schema.load' } }]],
    ['wifi', [{ to: 'wifi', event: { type: 'wifi.assume' } }]],
    ['time', [{ to: 'time', event: { type: 'network.up' } }]],
    ['mqtt', [want, { to: 'mqtt', event: { type: 'network.up' } }, connect]],
    [
      'update',
      [
        configureUpdate,
        { to: 'update', event: { type: 'update.recover' } },
        { to: 'update', event: { type: 'broker.up', denied: [] } },
      ],
    ],
    ['logger', [{ to: 'logger', event: { type: 'broker.up' } }]],
    ['reset', [{ to: 'reset', event: { type: 'reset.recall' } }]],
    [
      'stateReporter',
      [
        { to: 'stateReporter', event: { type: 'reporter.configure', commitVersion: 'v1', intervalMs: 300_000 } },
        { to: 'stateReporter', event: { type: 'broker.up' } },
      ],
    ],
  ])('is told where the unit stands: %s', (child, online) => {
    expect(withRecorders().restarted(child), 'before the start').toEqual([]);
    expect(linked().restarted(child), 'online').toEqual(online);
  });

  test('is told what differs from what it assumes', () => {
    const unit = linked();
    unit.sent({ type: 'mqtt.disconnect' }, { type: 'update.swapping' });
    expect(unit.restarted('settings')).toContainEqual({ to: 'settings', event: { type: 'broker.unwanted' } });
    expect(unit.restarted('stateReporter')[0]).toEqual({ to: 'stateReporter', event: { type: 'reporter.hold' } });
  });

  test('is told what holds by then, and gets the newest of each kind that it was asked for meanwhile', () => {
    const unit = linked();
    unit.fail('logger');
    unit.sent({ type: 'logger.sync' });
    expect(unit.sent({ type: 'mqtt.offline' }, { type: 'mqtt.online', granted: 2, denied: [] })).toEqual([
      { to: 'stateReporter', event: down },
      ...broker('broker.down'),
      { to: 'stateReporter', event: { type: 'broker.up' } },
      ...broker('broker.up'),
    ]);
    unit.sent({ type: 'logger.sync' });
    unit.messages.length = 0;
    unit.clock.increment(1000);
    expect(unit.messages).toEqual([
      { to: 'logger', event: { type: 'logger.sync' } },
      { to: 'logger', event: { type: 'broker.up' } },
    ]);
    expect(unit.restarted('logger'), 'once').toEqual([{ to: 'logger', event: { type: 'broker.up' } }]);
  });

  test('is told of no link that has ended meanwhile', () => {
    const unit = linked();
    unit.fail('logger');
    unit.sent({ type: 'mqtt.offline' });
    unit.messages.length = 0;
    unit.clock.increment(1000);
    expect(unit.messages).toEqual([]);
  });

  test('gets a command also after it was off', () => {
    const unit = linked();
    for (let failures = 0; failures < 6; failures += 1) unit.restarted('logger');
    unit.sent({ type: 'mqtt.offline' }, { type: 'command.received', command: 'log_sync' });
    unit.messages.length = 0;
    unit.clock.increment(600_000);
    expect(unit.messages).toEqual([{ to: 'logger', event: { type: 'logger.sync' } }]);
  });

  test('leaves the network no more that was left while it was off', async () => {
    const unit = linked({ managesWifi: true });
    for (const child of ['mqtt', 'wifi'] as const)
      for (let failures = 0; failures < 6; failures += 1) unit.restarted(child);
    unit.sent({ type: 'unit.stop' });
    unit.clock.increment(4800);
    unit.sent({ type: 'unit.start' }, { type: 'update.recovered' }, { type: 'settings.loaded', settings });
    unit.sent({ type: 'schema.loaded', topics });
    unit.messages.length = 0;
    unit.clock.increment(600_000);
    expect(unit.messages.filter(({ to }) => to === 'wifi')).toEqual([joinWifi]);
    expect(unit.messages.filter(({ to }) => to === 'mqtt').slice(-2)).toEqual([want, connect]);
  });

  test('is asked for no WiFi before the unit is at work', () => {
    const unit = withRecorders();
    unit.sent({ type: 'unit.start' }, { type: 'update.recovered' }, { type: 'settings.loaded', settings });
    expect(unit.restarted('wifi')).toEqual([]);
  });

  test('gets a command that came while it was away', () => {
    const unit = linked();
    unit.fail('schema');
    expect(unit.sent({ type: 'command.received', command: 'schema_update' })).toEqual([]);
    unit.messages.length = 0;
    unit.clock.increment(1000);
    expect(unit.messages).toEqual([
      { to: 'schema', event: { type: 'schema.load' } },
      { to: 'schema', event: { type: 'schema.pursue' } },
      { to: 'schema', event: { type: 'schema.refresh' } },
    ]);
  });
});

describe('a child that has just started', () => {
  const assumed = {
    settings: [down, { type: 'broker.wanted' }],
    schema: [],
    wifi: [],
    time: [{ type: 'network.down' }],
    mqtt: [{ type: 'network.down' }],
    update: [down, { type: 'update.configure', handsOver: false }],
    logger: [down],
    reset: [],
    stateReporter: [{ type: 'reporter.resume' }, down],
  } satisfies Record<ChildName, Message['event'][]>;

  test.each(childNames)('assumes what it is not told: %s', (child) => {
    const unit = createActor(unitMachine, { input: unitInput }).start();
    const ref = unit.getSnapshot().children[child] as AnyActorRef;
    const { value, context } = ref.getSnapshot() as { value: unknown; context: unknown };
    for (const event of assumed[child]) ref.send(event);
    expect(ref.getSnapshot()).toMatchObject({ value, context });
    unit.stop();
  });

  test('has told nobody', () => {
    const events: string[] = [];
    createActor<AnyActorLogic>(unitMachine, {
      input: unitInput,
      inspect: (inspected) => {
        if (inspected.type === '@xstate.event') events.push(inspected.event.type);
      },
    })
      .start()
      .stop();
    expect(new Set(events)).toEqual(new Set(['xstate.init']));
  });
});
