import { createActor, fromTransition, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { mqttMachine, type MqttFact } from '../../../machines/mqtt.ts';
import { failing, probe } from '../../support/actors.ts';
import { connecting, failure, grant, granted, online, open, start, waitOf, type MqttUnderTest } from './under-test.ts';

const own = 'd/input_base_topic/u/update/pepeunit';
const hint = 'Another program may run with the same unit';

const close = (unit: MqttUnderTest, code: string) =>
  unit.link.last().tell({ type: 'link.closed', failure: failure(code) });

const withOwnTopic = () => {
  const unit = connecting(5, [own]);
  open(unit);
  return unit;
};

describe('the end of a link', () => {
  test('by a refusal is told with it, and kept', () => {
    const unit = online();
    close(unit, 'quota');
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.offline', failure: failure('quota') });
    expect(unit.state().context.failure).toEqual(failure('quota'));
  });

  test.each([
    [
      'a denied report',
      (unit: MqttUnderTest) => {
        grant(unit, granted(own));
        unit.link.last().tell({ type: 'link.denied', topic: 'd/output_base_topic/u/log/pepeunit' });
      },
    ],
    ['an end over its own topics', (unit: MqttUnderTest) => close(unit, 'credentials')],
  ])('by %s is told as an end, and then as a denial', (_, end) => {
    const unit = withOwnTopic();
    end(unit);
    expect(unit.parent.types().slice(-2)).toEqual(['mqtt.offline', 'mqtt.denied']);
  });

  test('by an adapter that breaks is told as that', () => {
    const parent = probe<MqttFact>();
    const broken = fromTransition((state, { type }) => {
      if (type === 'link.subscribe') throw failing('unexpected');
      return state;
    }, {});
    const machine = mqttMachine.provide({ actors: { holdLink: broken as never } });
    const clock = new SimulatedClock();
    const actor = createActor(machine, { clock, input: { parent: parent.ref, protocol: 5 } }).start();
    actor.send({ type: 'mqtt.want', topics: ['a'] });
    actor.send({ type: 'network.up' });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    actor.send({ type: 'link.opened', sessionPresent: false });
    expect(parent.facts.at(-1)).toMatchObject({ type: 'mqtt.offline', failure: { code: 'unexpected' } });
    expect(actor.getSnapshot().value).toEqual({ waiting: 'soon' });
  });
});

const hinted = (unit: MqttUnderTest) => {
  close(unit, 'closed');
  return JSON.stringify(unit.parent.facts.at(-1)).includes(hint);
};

describe('links that are closed again and again are counted', () => {
  test('from the beginning after the network went', () => {
    const unit = online();
    expect(hinted(unit)).toBe(false);
    unit.actor.send({ type: 'network.down' });
    unit.actor.send({ type: 'network.up' });
    open(unit);
    grant(unit, granted('a'), granted('b'));
    expect(hinted(unit)).toBe(false);
  });

  test('and from the beginning after another version of MQTT was tried', () => {
    const unit = online();
    expect(hinted(unit)).toBe(false);
    waitOf(unit);
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    open(unit);
    grant(unit, granted('a'), granted('b'));
    expect(unit.link.last().version).toBe(4);
    expect(hinted(unit)).toBe(false);
  });
});

describe('an attempt', () => {
  test('gives way to newer settings, once', async () => {
    const unit = connecting();
    unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
    expect(unit.state().value).toBe('closing');
    await unit.close.resolve();
    unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
    expect(unit.link.opened.map(({ isHeld }) => isHeld)).toEqual([false, true]);
  });

  test('that a broker does not answer is told, though the next is tried at once', () => {
    const unit = connecting(5, [], { brokers: 2 });
    unit.clock.increment(30_000);
    expect(unit.link.opened).toHaveLength(2);
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'mqtt.failed', failure: { code: 'timeout' } });
  });

  test('that does not reach the broker says nothing of its version', () => {
    const unit = connecting();
    unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
    expect(unit.link.opened).toHaveLength(1);
  });

  test('is not made for a wish that was taken back before there was a network', async () => {
    const unit = start();
    unit.actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    unit.actor.send({ type: 'mqtt.disconnect' });
    await unit.close.resolve();
    unit.actor.send({ type: 'network.up' });
    expect(unit.link.opened).toHaveLength(0);
    expect(unit.parent.types()).toContain('mqtt.stopped');
  });
});

test('a link with newer settings is the one for those settings', async () => {
  const unit = online();
  unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
  await unit.close.resolve();
  open(unit);
  unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
  expect(unit.link.opened).toHaveLength(2);
  expect(unit.link.last().isHeld).toBe(true);
});
