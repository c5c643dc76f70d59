import { describe, expect, test } from 'vitest';
import { settle } from '../../support/until.ts';
import { connecting, failure, online, open, start, type MqttUnderTest } from './under-test.ts';

describe('closing (M12)', () => {
  const places: Record<string, () => MqttUnderTest> = {
    offline: () => start(),
    connecting: () => connecting(),
    subscribing: () => {
      const unit = connecting();
      open(unit);
      return unit;
    },
    online: () => online(),
    'waiting.soon': () => {
      const unit = connecting(5);
      unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
      return unit;
    },
    'waiting.late': () => {
      const unit = connecting(5);
      unit.link.last().tell({ type: 'link.refused', failure: failure('credentials') });
      return unit;
    },
  };

  test.each(Object.keys(places))('from %s ends stopped, with no link held', async (place) => {
    const unit = (places[place] as () => MqttUnderTest)();
    unit.actor.send({ type: 'mqtt.disconnect' });
    unit.actor.send({ type: 'mqtt.disconnect' });
    expect(unit.state().value).toBe('closing');
    await unit.close.resolve();
    expect(unit.state().value).toBe('offline');
    expect(unit.parent.types().filter((type) => type === 'mqtt.stopped')).toHaveLength(1);
    unit.clock.increment(600_000);
    expect(unit.link.opened.filter(({ isHeld }) => isHeld)).toHaveLength(0);
  });

  test('does not wait for ever', async () => {
    const { actor, clock, parent, state } = online();
    actor.send({ type: 'mqtt.disconnect' });
    clock.increment(3000);
    await settle();
    expect(state().value).toBe('offline');
    expect(parent.types().slice(-2)).toEqual(['mqtt.offline', 'mqtt.stopped']);
  });

  test('a connect meanwhile is honoured after', async () => {
    const { actor, close, parent, state } = online();
    actor.send({ type: 'mqtt.disconnect' });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    expect(state().value).toBe('closing');
    await close.reject(new Error('odd'));
    expect(state().value).toEqual({ linked: 'connecting' });
    expect(parent.types()).not.toContain('mqtt.stopped');
  });

  test('goes on when the network goes, and is told when it has ended', async () => {
    const { actor, close, parent, state } = online();
    actor.send({ type: 'mqtt.disconnect' });
    actor.send({ type: 'network.down' });
    expect(state().value).toBe('closing');
    expect(close.last().signal.aborted).toBe(false);
    expect(parent.types()).not.toContain('mqtt.stopped');
    await close.resolve();
    expect(parent.types().at(-1)).toBe('mqtt.stopped');
  });

  test('a close that fails ends it too, and no link follows', async () => {
    const { actor, close, link, parent, state } = online();
    actor.send({ type: 'mqtt.disconnect' });
    await close.reject(new Error('odd'));
    expect(state().value).toBe('offline');
    expect(link.opened).toHaveLength(1);
    expect(parent.types().at(-1)).toBe('mqtt.stopped');
  });

  test('for another link is for good when it is asked for meanwhile', async () => {
    const { actor, close, link, parent } = online();
    actor.send({ type: 'mqtt.connect', linkRevision: 2 });
    actor.send({ type: 'mqtt.disconnect' });
    await close.resolve();
    expect(parent.types().at(-1)).toBe('mqtt.stopped');
    expect(link.opened).toHaveLength(1);
  });

  test('a network that went meanwhile is waited for after', async () => {
    const { actor, close, link, state } = online();
    actor.send({ type: 'mqtt.disconnect' });
    actor.send({ type: 'network.down' });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    await close.resolve();
    expect(state().value).toBe('offline');
    expect(link.opened).toHaveLength(1);
  });
});
