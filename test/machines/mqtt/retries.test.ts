import { describe, expect, test } from 'vitest';
import { jitteredDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { connecting, failure, grant, granted, online, open, type MqttUnderTest } from './under-test.ts';

const waitOf = ({ clock, link }: MqttUnderTest) => {
  const before = link.opened.length;
  let waited = 0;
  while (link.opened.length === before) {
    clock.increment(1000);
    waited += 1;
  }
  return waited;
};

const drawn = (chance: number, spreadMs: number, wasOpen: boolean, code = 'network') =>
  [1, 2, 3, 9].map((attempts) => {
    const waits = jitteredDelays(
      () => chance,
      () => spreadMs,
    );
    return waits.retryAfter({ context: { attempts, wasOpen, asked: [], granted: [], failure: failure(code) } });
  });

describe('backing off (M3, M14)', () => {
  test('waits longer after each failure, up to a minute', () => {
    const unit = connecting(5);
    const waits = Array.from({ length: 8 }, () => {
      unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
      return waitOf(unit);
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test('the same reason is told once, until a link was open', () => {
    const unit = connecting(5);
    const failed = () => unit.parent.types().filter((type) => type === 'mqtt.failed').length;
    for (const code of ['network', 'timeout', 'network', 'timeout', 'network']) {
      unit.link.last().tell({ type: 'link.refused', failure: failure(code) });
      waitOf(unit);
    }
    expect(failed()).toBe(2);
    open(unit);
    unit.link.last().tell({ type: 'link.closed', failure: failure('closed') });
    waitOf(unit);
    unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
    expect(failed()).toBe(3);
  });

  test('flapping counts as failure; only a stable link starts anew', () => {
    const unit = online(5);
    const flap = (onlineMs: number) => {
      unit.clock.increment(onlineMs);
      unit.link.last().tell({ type: 'link.closed', failure: failure('closed') });
      const waited = waitOf(unit);
      open(unit);
      grant(unit, granted('a'), granted('b'));
      return waited;
    };
    expect([flap(0), flap(5000), flap(19_999)]).toEqual([1, 2, 4]);
    expect(flap(20_000)).toBe(1);
  });

  test('a link that lasts until the broker has acknowledged nothing for the time limit is not stable (M1)', () => {
    const unit = connecting(5, ['a', 'b'], { timeoutMs: 60_000, attempts: 5 });
    open(unit);
    grant(unit, granted('a'), granted('b'));
    unit.clock.increment(119_999);
    expect(unit.state().context.attempts).toBe(5);
    unit.clock.increment(1);
    expect(unit.state().context.attempts).toBe(0);
  });

  test('links that end alike, one after the other, are told as repeated until one was stable (M6)', () => {
    const unit = online(5);
    const isRepeated = (code: string, onlineMs = 0) => {
      unit.clock.increment(onlineMs);
      unit.link.last().tell({ type: 'link.closed', failure: failure(code) });
      const fact = unit.parent.facts.findLast(({ type }) => type === 'mqtt.offline');
      waitOf(unit);
      open(unit);
      grant(unit, granted('a'), granted('b'));
      return fact?.type === 'mqtt.offline' && fact.isRepeated === true;
    };
    const ends = ['timeout', 'timeout', 'timeout', 'network', 'timeout'];
    expect(ends.map((code) => isRepeated(code))).toEqual([false, true, true, false, false]);
    expect(isRepeated('timeout', 60_000)).toBe(false);
  });

  test('a link must last longer than the waits that led to it', () => {
    const unit = connecting(5, ['a', 'b'], { attempts: 9 });
    open(unit);
    grant(unit, granted('a'), granted('b'));
    unit.clock.increment(59_999);
    expect(unit.state().context.attempts).toBe(9);
    unit.clock.increment(1);
    expect(unit.state().context.attempts).toBe(0);
  });

  test('a machine that was started again goes on counting', () => {
    const unit = connecting(5, [], { attempts: 3 });
    unit.link.last().tell({ type: 'link.refused', failure: failure('network') });
    expect(waitOf(unit)).toBe(8);
  });

  test.each([
    ['with full jitter, up to ten seconds', 0, true, [500, 1000, 2000, 5000]],
    ['without a link before, up to twice the spread', 150_000, false, [500, 1000, 2000, 128_000]],
    [
      'after a loss over the spread, then at the distance that chance gave',
      150_000,
      true,
      [75_000, 150_000, 150_000, 150_000],
    ],
    ['over a small spread', 5000, true, [2500, 5000, 5000, 5000]],
  ] as const)('waits are drawn %s', (_, spreadMs, wasOpen, waits) => {
    expect(drawn(0.5, spreadMs, wasOpen)).toEqual(waits);
  });

  test.each(['closed', 'refused', 'timeout'])(
    'a broker that is there and does not take the unit (%s) makes it wait over the spread at once',
    (code) => {
      expect(drawn(0.5, 150_000, false, code)).toEqual([75_000, 75_000, 75_000, 128_000]);
      expect(drawn(0.5, 0, false, code), 'where there is no fleet, as ever').toEqual([500, 1000, 2000, 30_000]);
    },
  );

  test.each([
    ['their upper half', 0, [30_000, 45_000]],
    ['the spread after it', 150_000, [30_000, 105_000]],
  ] as const)('slow waits are drawn over %s', (_, spreadMs, waits) => {
    const draw = (chance: number) =>
      jitteredDelays(
        () => chance,
        () => spreadMs,
      ).retrySlowlyAfter({ context: { attempts: 1 } });
    expect([0, 0.5].map(draw)).toEqual(waits);
  });

  test.each(['credentials', 'protocol', 'quota'])('a refusal (%s) is no stop and no storm (M2, M19)', (code) => {
    const unit = connecting(4);
    const waits = Array.from({ length: 6 }, () => {
      unit.link.last().tell({ type: 'link.refused', failure: failure(code) });
      expect(unit.state().value).toEqual({ waiting: 'late' });
      return waitOf(unit);
    });
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.failed', failure: failure(code) });
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  });

  test('being taken over backs off slowly instead of fighting (M17)', () => {
    const { link, state, parent } = online();
    link.last().tell({ type: 'link.closed', failure: failure('takenOver') });
    expect(state().value).toEqual({ waiting: 'displaced' });
    expect(parent.facts.at(-1)).toEqual({ type: 'mqtt.offline', failure: failure('takenOver') });
  });

  test.each(['network', 'credentials'])('new settings are tried at once (after %s)', (code) => {
    const { actor, link, state } = connecting(5);
    link.last().tell({ type: 'link.refused', failure: failure(code) });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    expect(link.opened).toHaveLength(1);
    actor.send({ type: 'mqtt.connect', linkRevision: 2 });
    expect(state().value).toEqual({ linked: 'connecting' });
    expect(state().context.attempts).toBe(0);
  });

  test('a network that goes ends the wait', () => {
    const { actor, link, clock, state } = connecting(5);
    link.last().tell({ type: 'link.refused', failure: failure('network') });
    actor.send({ type: 'network.down' });
    clock.increment(600_000);
    expect(state().value).toBe('offline');
    expect(link.opened).toHaveLength(1);
  });
});

describe('what the broker speaks (M8)', () => {
  test.each(['protocol', 'closed'])('a refusal (%s) of MQTT 5 is followed by MQTT 3.1.1 at once, silently', (code) => {
    const unit = connecting();
    unit.link.last().tell({ type: 'link.refused', failure: failure(code) });
    expect(unit.link.opened.map(({ version }) => version)).toEqual([5, 4]);
    expect(unit.link.opened[0]?.isHeld).toBe(false);
    open(unit);
    grant(unit, granted('a'), granted('b'));
    expect(unit.parent.types()).toEqual(['mqtt.ready', 'mqtt.connected', 'mqtt.online']);
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
    const { link, state } = connecting(version);
    link.last().tell({ type: 'link.refused', failure: failure('closed') });
    expect(link.opened.map((each) => each.version)).toEqual([version]);
    expect(state().value).toEqual({ waiting: 'soon' });
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
