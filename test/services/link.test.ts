import { assign, createActor, setup } from 'xstate';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { memoryBroker } from '../../adapters/memory/broker.ts';
import { fakeClock } from '../../adapters/memory/clock.ts';
import type { MqttFact } from '../../machines/mqtt.ts';
import type { Broker, Link } from '../../services/broker.ts';
import { BrokerError } from '../../services/errors.ts';
import { settle, until } from '../support/until.ts';
import { begin, linkThat, machineOn, plane } from './link-under-test.ts';

const unhandled = vi.fn<(thrown: unknown) => void>();
process.on('unhandledRejection', unhandled);
afterAll(() => void process.off('unhandledRejection', unhandled));
afterEach(() => {
  expect(unhandled).not.toHaveBeenCalled();
});

const throwing = () => {
  throw new Error('an adapter must not do this');
};

test('a machine that fails lets go of its link', async () => {
  const broker = memoryBroker();
  const data = plane();
  const failing = machineOn(broker, data).provide({
    actions: {
      keepTopics: assign(() => {
        throw new Error('a defect');
      }),
    },
  });
  const family = setup({ types: { events: {} as MqttFact }, actors: { failing } }).createMachine({
    initial: 'working',
    states: {
      working: {
        invoke: {
          src: 'failing',
          id: 'mqtt',
          input: ({ self }) => ({ parent: self as never, protocol: 5 as const }),
          onError: { target: 'broken' },
        },
      },
      broken: {},
    },
  });
  const actor = createActor(family).start();
  const child = () => actor.getSnapshot().children['mqtt'];
  child()?.send({ type: 'network.up' });
  child()?.send({ type: 'mqtt.connect', linkRevision: 1 });
  await until(() => data.attached.size === 1);
  child()?.send({ type: 'mqtt.want', topics: ['a'] });
  expect(actor.getSnapshot().value).toBe('broken');
  expect(data.attached.size).toBe(0);
  await data.closed();
  expect(broker.openClients).toEqual([]);
});

const never = <T>() => new Promise<T>(() => undefined);

describe('adapters that break their word', () => {
  test.each([
    ['subscribe', throwing],
    ['subscribe', async () => throwing()],
    ['unsubscribe', throwing],
  ] as const)('a %s that fails costs the link, and nothing else', async (call, fails) => {
    const { actor, parent } = begin({ open: async () => linkThat({ [call]: fails }) });
    actor.send({ type: 'mqtt.want', topics: ['a'] });
    await settle();
    actor.send({ type: 'mqtt.want', topics: [] });
    await settle();
    expect(parent.facts).toContainEqual({ type: 'mqtt.offline', failure: expect.anything() as unknown });
    actor.stop();
  });

  test.each([[throwing], [async () => throwing()], [() => new Promise<void>(() => undefined)]])(
    'a close that fails, or never ends, keeps nobody (%#)',
    async (close) => {
      const { actor, attached } = begin({ open: async () => linkThat({ close }) });
      await settle();
      expect(attached.size).toBe(1);
      actor.send({ type: 'mqtt.disconnect' });
      expect(attached.size).toBe(0);
      await until(() => actor.getSnapshot().matches('offline'));
      actor.stop();
    },
  );

  test.each([
    ['open', { open: () => never<Link>() }],
    ['subscribe', { open: async () => linkThat({ subscribe: never }) }],
    ['ping', { open: async () => linkThat({ ping: never }) }],
  ] as const)('a %s that never ends is given up, and a fresh link is asked for (M1)', async (_, broker) => {
    const open = vi.fn<Broker['open']>(broker.open);
    const clock = fakeClock();
    const { actor } = begin({ open }, plane(), clock);
    actor.send({ type: 'mqtt.want', topics: ['a'] });
    for (let passed = 0; passed < 120_000 && open.mock.calls.length < 2; passed += 1000) {
      await settle();
      clock.advance(1000);
    }
    expect(open.mock.calls.length).toBe(2);
    actor.stop();
    expect(clock.pending).toBe(0);
  });

  test('an attempt that ends after it was given up is closed', async () => {
    let open: ((link: Link) => void) | undefined;
    const close = vi.fn<() => Promise<void>>(async () => undefined);
    const { actor, attached } = begin({
      open: () =>
        new Promise((resolve) => {
          open = resolve;
        }),
    });
    actor.send({ type: 'mqtt.disconnect' });
    open?.(linkThat({ close }));
    await settle();
    expect(close).toHaveBeenCalledTimes(1);
    expect(attached.size).toBe(0);
    actor.stop();
  });

  test('an end that is told twice, or after the link was let go, is told once', async () => {
    let onClosed: ((error: Error) => void) | undefined;
    const { actor, parent } = begin({
      open: async (_options, listener) => {
        onClosed = listener.onClosed;
        return linkThat({});
      },
    });
    await settle();
    const error = new BrokerError('closed', 'gone');
    for (let time = 0; time < 3; time += 1) onClosed?.(error);
    expect(parent.types().filter((type) => type === 'mqtt.offline')).toHaveLength(1);
    actor.stop();
    onClosed?.(error);
  });
});
