import { createActor } from 'xstate';
import { expect, test } from 'vitest';
import { memoryBroker } from '../../adapters/memory/broker.ts';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { jitteredDelays } from '../../machines/mqtt/reconnect-delay.ts';
import { mqttMachine, type MqttFact } from '../../machines/mqtt.ts';
import type { MqttVersion } from '../../services/broker.ts';
import { closeLink, holdLink, type LinkUser } from '../../services/link.ts';
import { probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';
import { seeded } from '../support/seeded.ts';

const world = () => {
  const clock = fakeClock();
  return { clock, broker: memoryBroker({ clock }), random: seeded(7) };
};

/** One of several programs that run with the same unit. */
const program = ({ clock, broker, random }: ReturnType<typeof world>, version: MqttVersion, spreadMs: number) => {
  const user: LinkUser = {
    options: () => ({
      url: 'mqtt://memory.test',
      version,
      clientId: 'unit',
      username: 'token',
      keepaliveSeconds: 60,
      timeoutMs: 10_000,
    }),
    onMessage: () => undefined,
    resume: () => undefined,
    attach: () => undefined,
    detach: () => undefined,
  };
  const parent = probe<MqttFact>();
  const machine = mqttMachine.provide({
    actors: { holdLink: holdLink({ broker, clock, user }), closeLink: closeLink({ closed: async () => undefined }) },
    delays: jitteredDelays(random, () => spreadMs),
  });
  const actor = createActor(machine, { clock, input: { parent: parent.ref, protocol: version } });
  actor.start();
  actor.send({ type: 'network.up' });
  actor.send({ type: 'mqtt.want', topics: ['a'] });
  actor.send({ type: 'mqtt.connect', linkRevision: 1 });
  return { actor, parent, connects: () => parent.types().filter((type) => type === 'mqtt.connected').length };
};

const minutes = 30;

test.each([
  [4, 0],
  [4, 150_000],
  [5, 0],
  [5, 150_000],
] as const)(
  'two programs with the same unit (MQTT level %i, spread %i ms) take over from each other at most twice a minute each (M14, M17)',
  async (version, spreadMs) => {
    const both = world();
    const [one, other] = [program(both, version, spreadMs), program(both, version, spreadMs)];
    for (let passed = 0; passed < minutes * 60_000; passed += 250) {
      both.clock.advance(250);
      await settle();
    }
    const ends = [one, other].flatMap(({ parent }) => parent.facts.filter((fact) => fact.type === 'mqtt.offline'));
    const hints = ends.filter(({ failure }) => failure?.message.includes('Another program may run with the same unit'));
    // MQTT 5 says it outright.
    expect(hints.length).toBeGreaterThanOrEqual(version === 5 ? 0 : ends.length - 3);
    expect(hints.length).toBeLessThanOrEqual(version === 5 ? 0 : ends.length);
    for (const { connects, actor } of [one, other]) {
      expect(connects()).toBeGreaterThan(1);
      expect(connects()).toBeLessThanOrEqual(2 * minutes + 8);
      actor.stop();
    }
  },
);
