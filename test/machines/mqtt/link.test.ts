import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { mqttMachine, type MqttFact } from '../../../machines/mqtt.ts';
import { probe } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';
import {
  asked,
  connecting,
  failure,
  grant,
  granted,
  isOnline,
  online,
  open,
  start,
  type MqttUnderTest,
} from './under-test.ts';

const again = (unit: MqttUnderTest) => {
  unit.clock.increment(60_000);
  open(unit);
  grant(unit, granted('a'), granted('b'));
};

describe('the link', () => {
  test('is opened when it is wanted and there is a network, in any order', () => {
    const { actor, link, state } = start();
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    expect(state().value).toBe('offline');
    expect(link.opened).toHaveLength(0);
    actor.send({ type: 'network.up' });
    expect(state().value).toEqual({ linked: 'connecting' });
    actor.send({ type: 'network.up' });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    expect(link.opened).toHaveLength(1);
  });

  test('is online once every topic is answered', () => {
    const unit = online();
    expect(isOnline(unit)).toBe(true);
    expect(asked(unit)).toEqual([{ type: 'link.subscribe', topics: ['a', 'b'] }]);
    expect(unit.parent.facts).toEqual([
      { type: 'mqtt.connected', sessionPresent: false, version: 5 },
      { type: 'mqtt.online', granted: 2, denied: [] },
    ]);
  });

  test('with nothing to subscribe to it is online at once', () => {
    const unit = connecting('auto', []);
    open(unit);
    expect(isOnline(unit)).toBe(true);
    expect(asked(unit)).toEqual([]);
  });

  test('its end is told once, and another is opened after a wait', () => {
    const { actor, clock, link, parent, state } = online();
    link.last().tell({ type: 'link.closed', failure: failure('network') });
    expect(parent.facts.at(-1)).toEqual({ type: 'mqtt.offline', failure: failure('network') });
    expect(state().value).toEqual({ waiting: 'soon' });
    expect(link.last().isHeld).toBe(false);
    clock.increment(1000);
    expect(state().value).toEqual({ linked: 'connecting' });
    expect(parent.types().filter((type) => type === 'mqtt.offline')).toHaveLength(1);
    actor.stop();
  });

  describe('MQTT 3.1.1 has no word for a session that was taken over (M17)', () => {
    const hint = 'Another program may run with the same unit';
    const lose = (unit: MqttUnderTest, code: string) => {
      unit.link.last().tell({ type: 'link.closed', failure: failure(code) });
      const fact = unit.parent.facts.at(-1);
      return fact?.type === 'mqtt.offline' && fact.failure?.message.includes(hint);
    };

    test('what may be one is told when links are closed twice in a row, and new ones opened at once', () => {
      const unit = online();
      expect(lose(unit, 'closed')).toBe(false);
      again(unit);
      expect(lose(unit, 'closed')).toBe(true);
      again(unit);
      expect(lose(unit, 'closed')).toBe(true);
    });

    test.each(['network', 'timeout'])('nothing is told of an end of another kind (%s)', (code) => {
      const unit = online();
      lose(unit, 'closed');
      again(unit);
      expect(lose(unit, code)).toBe(false);
      again(unit);
      expect(lose(unit, 'closed')).toBe(false);
    });

    test('nor when a link was refused in between by hanging up', () => {
      const unit = online(5);
      lose(unit, 'closed');
      unit.clock.increment(60_000);
      unit.link.last().tell({ type: 'link.refused', failure: failure('closed') });
      again(unit);
      expect(lose(unit, 'closed')).toBe(false);
    });

    test('nor of a broker that was away in between, or that ends the link over a topic', () => {
      const unit = online();
      lose(unit, 'closed');
      unit.clock.increment(60_000);
      unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
      again(unit);
      expect(lose(unit, 'closed')).toBe(false);
      unit.clock.increment(60_000);
      open(unit);
      expect(lose(unit, 'closed')).toBe(false);
    });
  });

  describe.each([
    [10_000, 30_000],
    [60_000, 180_000],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])('a link that does not keep its own time limit of %i ms is given up after %i ms', (timeoutMs, withinMs) => {
    test('where nobody answers', () => {
      const { clock, link, parent, state } = connecting('auto', ['a'], { timeoutMs });
      clock.increment(withinMs - 1);
      expect(link.last().isHeld).toBe(true);
      clock.increment(1);
      expect(state().value).toEqual({ waiting: 'soon' });
      expect(link.last().isHeld).toBe(false);
      expect(parent.facts.at(-1)).toMatchObject({ type: 'mqtt.failed', failure: { code: 'timeout' } });
    });

    test('where SUBSCRIBE is not answered', () => {
      const unit = connecting('auto', ['a'], { timeoutMs });
      open(unit);
      unit.clock.increment(withinMs - 1);
      expect(unit.link.last().isHeld).toBe(true);
      unit.clock.increment(1);
      expect(unit.state().value).toEqual({ waiting: 'soon' });
      expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'mqtt.offline', failure: { code: 'timeout' } });
    });
  });

  test('answers to SUBSCRIBE may be late as long as the line is slow (M20)', () => {
    const unit = connecting('auto', ['a'], { timeoutMs: 10_000 });
    open(unit);
    for (let passed = 0; passed < 12; passed += 1) {
      unit.clock.increment(10_000);
      unit.link.last().tell({ type: 'link.slow' });
    }
    expect(unit.link.opened).toHaveLength(1);
    unit.clock.increment(30_000);
    expect(unit.state().value).toEqual({ waiting: 'soon' });
  });

  test('an empty slot backs off and does not end the machine', async () => {
    const parent = probe<MqttFact>();
    const actor = createActor(mqttMachine, { clock: new SimulatedClock(), input: { parent: parent.ref, protocol: 5 } });
    actor.start();
    actor.send({ type: 'network.up' });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    await settle();
    expect(actor.getSnapshot().value).toEqual({ waiting: 'soon' });
    expect(parent.facts.at(-1)).toMatchObject({ type: 'mqtt.failed' });
  });

  test('ends with the network and comes back with it', () => {
    const { actor, link, parent, state } = online();
    actor.send({ type: 'network.down' });
    expect(parent.facts.at(-1)).toEqual({ type: 'mqtt.offline' });
    expect(state().value).toBe('offline');
    expect(link.last().isHeld).toBe(false);
    actor.send({ type: 'network.up' });
    expect(state().value).toEqual({ linked: 'connecting' });
  });

  test('a newer revision closes it and opens another; the same changes nothing', async () => {
    const { actor, close, link, parent, state } = online();
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    expect(state().matches({ linked: { open: 'online' } })).toBe(true);
    actor.send({ type: 'mqtt.connect', linkRevision: 2 });
    expect(state().value).toBe('closing');
    await close.resolve();
    expect(state().value).toEqual({ linked: 'connecting' });
    expect(link.opened).toHaveLength(2);
    expect(parent.types()).not.toContain('mqtt.stopped');
    expect(parent.facts.at(-1)).toEqual({ type: 'mqtt.offline' });
  });
});
