import { describe, expect, test } from 'vitest';
import { connecting, failure, grant, granted, online, open, waitOf, type MqttUnderTest } from './under-test.ts';

describe('what the broker speaks (M8)', () => {
  test.each(['protocol', 'closed'])('a refusal (%s) of MQTT 5 is followed by MQTT 3.1.1 at once, silently', (code) => {
    const unit = connecting();
    unit.link.last().tell({ type: 'link.refused', failure: failure(code) });
    expect(unit.link.opened.map(({ version }) => version)).toEqual([5, 4]);
    expect(unit.link.opened[0]?.isHeld).toBe(false);
    open(unit);
    grant(unit, granted('a'), granted('b'));
    expect(unit.parent.types()).toEqual(['mqtt.connected', 'mqtt.online']);
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    unit.clock.increment(1000);
    expect(unit.link.last().version, 'what worked is remembered').toBe(4);
  });

  test('both versions refused: one wait, then anew', () => {
    const { clock, link, state, parent } = connecting();
    link.last().tell({ type: 'link.refused', failure: failure('closed') });
    link.last().tell({ type: 'link.refused', failure: failure('closed') });
    expect(state().value).toEqual({ waiting: 'soon' });
    expect(parent.types().filter((type) => type === 'mqtt.failed')).toHaveLength(1);
    clock.increment(1000);
    expect(link.opened.map(({ version }) => version)).toEqual([5, 4, 5]);
  });

  test('a broker that spoke MQTT 5 before is not asked for less when it hangs up', () => {
    const { clock, link, state } = online();
    link.last().tell({ type: 'link.closed', failure: failure('network') });
    clock.increment(1000);
    link.last().tell({ type: 'link.refused', failure: failure('closed') });
    expect(state().value).toEqual({ waiting: 'soon' });
    expect(state().context.version).toBe(5);
  });

  test('a broker that stops speaking what it spoke is found out again', () => {
    const unit = connecting();
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    open(unit);
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    unit.clock.increment(1000);
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    expect(unit.state().value).toEqual({ waiting: 'late' });
    unit.clock.increment(120_000);
    expect(unit.link.last().version).toBe(5);
  });

  test.each([4, 5] as const)('a fixed version %i is never left', (version) => {
    const { clock, link, state } = connecting(version);
    link.last().tell({ type: 'link.refused', failure: failure('closed') });
    expect(link.opened.map((each) => each.version)).toEqual([version]);
    expect(state().value).toEqual({ waiting: 'soon' });
    clock.increment(1000);
    expect(link.opened.map((each) => each.version)).toEqual([version, version]);
  });
});

const brokers = (unit: MqttUnderTest) => unit.link.opened.map(({ broker }) => broker);

describe('several brokers', () => {
  test('are tried in turn without a wait, the preferred one first after it', () => {
    const unit = connecting(5, [], { brokers: 3 });
    for (const code of ['network', 'credentials', 'timeout']) {
      unit.link.last().tell({ type: 'link.refused', failure: failure(code) });
    }
    expect(brokers(unit)).toEqual([0, 1, 2]);
    expect(unit.state().value).toEqual({ waiting: 'soon' });
    expect(waitOf(unit)).toBe(1);
    expect(brokers(unit)).toEqual([0, 1, 2, 0]);
  });

  test('one that never answers is passed over', () => {
    const unit = connecting(5, [], { brokers: 2 });
    unit.clock.increment(30_000);
    expect(brokers(unit)).toEqual([0, 1]);
    expect(unit.link.opened[0]?.isHeld).toBe(false);
  });

  test('the next after one that is silent in MQTT 3.1.1 is spoken to in MQTT 5', () => {
    const unit = connecting('auto', [], { brokers: 2 });
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    unit.clock.increment(30_000);
    expect(unit.link.last()).toMatchObject({ broker: 1, version: 5 });
  });

  test('the next after one that stops speaking MQTT 3.1.1 is spoken to in MQTT 5', () => {
    const unit = connecting('auto', [], { brokers: 2 });
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    open(unit);
    unit.link.last().tell({ type: 'link.closed', failure: failure('closed') });
    waitOf(unit);
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    expect(unit.link.opened.map(({ broker, version }) => [broker, version]).slice(-2)).toEqual([
      [0, 4],
      [1, 5],
    ]);
  });

  test('another version of MQTT is tried on the same one', () => {
    const unit = connecting('auto', [], { brokers: 2 });
    unit.link.last().tell({ type: 'link.refused', failure: failure('protocol') });
    unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
    expect(unit.link.opened.map(({ broker, version }) => [broker, version])).toEqual([
      [0, 5],
      [0, 4],
      [1, 5],
    ]);
  });

  test('after a loss the preferred one is tried first', () => {
    const unit = connecting(5, [], { brokers: 2 });
    unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
    open(unit);
    unit.link.last().tell({ type: 'link.closed', failure: failure('closed') });
    waitOf(unit);
    expect(brokers(unit)).toEqual([0, 1, 0]);
  });
});
