import { longestDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { mqttMachine, type MqttFact, type MqttInput } from '../../../machines/mqtt.ts';
import type { Grant, MqttVersion } from '../../../services/broker.ts';
import type { HoldLink, LinkCommand, LinkEvent, LinkWish } from '../../../services/link.ts';
import { gate, probe } from '../../support/actors.ts';

export const granted = (topic: string): Grant => ({ topic, granted: true, reasonCode: 0 });
export const denied = (topic: string): Grant => ({ topic, granted: false, reasonCode: 135 });
export const failure = (code: string) => ({ name: 'BrokerError', code, message: code });

export const links = () => {
  const opened: {
    version: MqttVersion;
    broker: number;
    commands: LinkCommand[];
    isHeld: boolean;
    tell(event: LinkEvent): void;
  }[] = [];
  const logic: HoldLink = fromCallback<LinkCommand, LinkWish, LinkEvent>(({ input, sendBack, receive }) => {
    const link = {
      version: input.version,
      broker: input.broker,
      commands: [] as LinkCommand[],
      isHeld: true,
      tell: sendBack,
    };
    opened.push(link);
    receive((command) => void link.commands.push(command));
    return () => {
      link.isHeld = false;
    };
  });
  const last = () => {
    const link = opened.at(-1);
    if (!link) throw new Error('No link was asked for');
    return link;
  };
  return { opened, logic, last };
};

export const start = (protocol: MqttInput['protocol'] = 'auto', more: Partial<MqttInput> = {}) => {
  const clock = new SimulatedClock();
  const parent = probe<MqttFact>();
  const link = links();
  const close = gate<void>();
  const machine = mqttMachine.provide({
    actors: { holdLink: link.logic, closeLink: close.logic },
    delays: longestDelays,
  });
  const actor = createActor(machine, {
    clock,
    input: { parent: parent.ref, protocol, ...more },
  }).start();
  return { actor, clock, parent, link, close, state: () => actor.getSnapshot() };
};
export type MqttUnderTest = ReturnType<typeof start>;

export const connecting = (
  protocol?: MqttInput['protocol'],
  topics: readonly string[] = ['a', 'b'],
  more: Partial<MqttInput> = {},
) => {
  const unit = start(protocol, more);
  unit.actor.send({ type: 'mqtt.want', topics });
  unit.actor.send({ type: 'network.up' });
  unit.actor.send({ type: 'mqtt.connect', linkRevision: 1 });
  return unit;
};

export const open = ({ link }: MqttUnderTest, sessionPresent = false) =>
  link.last().tell({ type: 'link.opened', sessionPresent });

export const grant = ({ link }: MqttUnderTest, ...grants: Grant[]) =>
  link.last().tell({ type: 'link.granted', grants });

export const online = (protocol?: MqttInput['protocol']) => {
  const unit = connecting(protocol);
  open(unit);
  grant(unit, granted('a'), granted('b'));
  return unit;
};

/** What was asked of the last link, signs of life and what is held aside. */
export const asked = ({ link }: MqttUnderTest) =>
  link.last().commands.filter(({ type }) => type !== 'link.watch' && type !== 'link.resume');

export const isOnline = ({ state }: MqttUnderTest) => state().matches({ linked: { open: 'online' } });

/** Seconds until the next link is opened. */
export const waitOf = ({ clock, link }: MqttUnderTest) => {
  const before = link.opened.length;
  let waited = 0;
  for (; link.opened.length === before && waited < 1000; waited += 1) clock.increment(1000);
  return waited;
};
