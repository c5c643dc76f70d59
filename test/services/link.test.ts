import { longestDelays } from '../../machines/mqtt/reconnect-delay.ts';
import { assign, createActor, setup } from 'xstate';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { memoryBroker } from '../../adapters/memory/broker.ts';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import { mqttMachine, type MqttFact } from '../../machines/mqtt.ts';
import type { Broker, Link } from '../../services/broker.ts';
import { closeLink, holdLink, type LinkUser } from '../../services/link.ts';
import type { Timers } from '../../services/clock.ts';
import { BrokerError } from '../../services/errors.ts';
import { probe } from '../support/actors.ts';
import { settle, until } from '../support/until.ts';

const unhandled = vi.fn<(thrown: unknown) => void>();
process.on('unhandledRejection', unhandled);
afterAll(() => void process.off('unhandledRejection', unhandled));
afterEach(() => {
  expect(unhandled).not.toHaveBeenCalled();
});

/** A data plane that keeps what it was given. */
const plane = () => {
  const attached = new Set<Link>();
  let closing = Promise.resolve();
  const user: LinkUser = {
    options: (version) => ({
      url: 'mqtt://memory.test',
      version,
      clientId: 'unit',
      username: 'token',
      keepaliveSeconds: 60,
      timeoutMs: 1000,
    }),
    onMessage: () => undefined,
    resume: () => undefined,
    attach: (link) => void attached.add(link),
    detach: (link, closed) => {
      attached.delete(link);
      closing = closed;
    },
  };
  return { user, attached, closed: () => closing };
};

const machineOn = (broker: Broker, { user, closed }: ReturnType<typeof plane>) =>
  mqttMachine.provide({
    actors: { holdLink: holdLink({ broker, user }), closeLink: closeLink({ closed }) },
    delays: longestDelays,
  });

const begin = (broker: Broker, data = plane(), clock: Timers = systemClock()) => {
  const parent = probe<MqttFact>();
  const actor = createActor(machineOn(broker, data), {
    clock,
    input: { parent: parent.ref, protocol: 5 },
  }).start();
  actor.send({ type: 'network.up' });
  actor.send({ type: 'mqtt.connect', linkRevision: 1 });
  return { actor, parent, ...data };
};

const linkThat = (changes: Partial<Link>): Link => ({
  version: 5,
  sessionPresent: false,
  subscribe: async (topics) => topics.map((topic) => ({ topic, granted: true, reasonCode: 0 })),
  unsubscribe: async () => undefined,
  publish: async () => undefined,
  publishNow: () => false,
  ping: async () => undefined,
  close: async () => undefined,
  ...changes,
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
