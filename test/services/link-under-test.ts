import { createActor } from 'xstate';
import { systemClock } from '../../adapters/shared/clock.ts';
import { longestDelays } from '../../machines/mqtt/reconnect-delay.ts';
import { mqttMachine, type MqttFact } from '../../machines/mqtt.ts';
import type { Broker, Link } from '../../services/broker.ts';
import { closeLink, holdLink, type LinkUser } from '../../services/link.ts';
import { probe } from '../support/actors.ts';

/** A data plane that keeps what it was given. */
export const plane = () => {
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

export const machineOn = (broker: Broker, { user, closed }: ReturnType<typeof plane>, clock = systemClock()) =>
  mqttMachine.provide({
    actors: { holdLink: holdLink({ broker, clock, user }), closeLink: closeLink({ closed }) },
    delays: longestDelays,
  });

export const begin = (broker: Broker, data = plane(), clock = systemClock()) => {
  const parent = probe<MqttFact>();
  const actor = createActor(machineOn(broker, data, clock), {
    clock,
    input: { parent: parent.ref, protocol: 5 },
  }).start();
  actor.send({ type: 'network.up' });
  actor.send({ type: 'mqtt.connect', linkRevision: 1 });
  return { actor, parent, ...data };
};

export const linkThat = (changes: Partial<Link>): Link => ({
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
