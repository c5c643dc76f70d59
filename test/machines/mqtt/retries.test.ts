import { describe, expect, test } from 'vitest';
import { jitteredDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { connecting, failure, grant, granted, online, open, waitOf, type MqttUnderTest } from './under-test.ts';

/** Brings the unit where it waits for its next attempt. */
const waitingPlaces: Readonly<Record<string, (unit: MqttUnderTest) => void>> = {
  'after a loss': ({ link }) => link.last().tell({ type: 'link.closed', failure: failure('network') }),
  'after a refusal': ({ link }) => link.last().tell({ type: 'link.closed', failure: failure('quota') }),
  'after a denial': ({ link }) => link.last().tell({ type: 'link.denied', topic: 'd/output_base_topic/u/log' }),
  'after a takeover': ({ link }) => link.last().tell({ type: 'link.closed', failure: failure('takenOver') }),
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

  test('a broker whose certificate is no good counts as not reached, and the longest first wait is twice the spread', () => {
    expect(drawn(0.5, 150_000, false, 'tls')).toEqual([500, 1000, 2000, 128_000]);
    const { retryAfter } = jitteredDelays(
      () => 0.5,
      () => 150_000,
    );
    const never = { attempts: 20, wasOpen: false, asked: [], granted: [], failure: failure('network') };
    expect(retryAfter({ context: never })).toBe(150_000);
  });

  test('a broker with too many connections is tried over the spread at once', () => {
    const { retryRefusedAfter } = jitteredDelays(
      () => 0.5,
      () => 150_000,
    );
    const waits = ['quota', 'credentials'].map((code) =>
      retryRefusedAfter({ context: { attempts: 1, failure: failure(code) } }),
    );
    expect(waits).toEqual([75_000, 2500]);
  });

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

  describe.each(Object.entries(waitingPlaces))('%s', (_, arrive) => {
    test('settings that are newer end the wait, once; the same do not', () => {
      const unit = online(5);
      arrive(unit);
      unit.actor.send({ type: 'mqtt.connect', linkRevision: 1 });
      expect(unit.link.opened).toHaveLength(1);
      unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
      expect(unit.link.opened).toHaveLength(2);
      expect(unit.state().context.attempts).toBe(0);
      unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
      expect(unit.state().value).toEqual({ linked: 'connecting' });
      expect(unit.link.last().isHeld).toBe(true);
    });

    test('the attempt is counted', () => {
      const unit = online(5);
      arrive(unit);
      expect(unit.state().context.attempts).toBe(1);
    });
  });

  test.each([
    ['after a loss', 2],
    ['after a refusal', 1],
    ['after a denial', 1],
    ['after a takeover', 2],
  ])('a broker that is found %s ends a wait that is not the broker itself: %i links', (place, links) => {
    const unit = online(5);
    waitingPlaces[place]?.(unit);
    unit.actor.send({ type: 'mqtt.retry' });
    expect(unit.link.opened).toHaveLength(links);
  });

  test('a unit that was taken over waits a minute, doubling up to five', () => {
    const unit = online(5);
    const waits = Array.from({ length: 5 }, () => {
      unit.link.last().tell({ type: 'link.closed', failure: failure('takenOver') });
      const waited = waitOf(unit);
      open(unit);
      return waited;
    });
    expect(waits).toEqual([60, 120, 240, 300, 300]);
  });

  test('after eight other reasons the first is told again', () => {
    const unit = connecting(5);
    const failWith = (code: string) => {
      unit.link.last().tell({ type: 'link.refused', failure: failure(code) });
      waitOf(unit);
    };
    for (const code of ['network', '1', '2', '3', '4', '5', '6', '7', 'network', '8', 'network']) failWith(code);
    const told = unit.parent.facts.flatMap((fact) => (fact.type === 'mqtt.failed' ? [fact.failure.code] : []));
    expect(told).toEqual(['network', '1', '2', '3', '4', '5', '6', '7', '8', 'network']);
  });

  test('a link of any time limit is stable after ten seconds at the soonest', () => {
    const unit = connecting(5, [], { timeoutMs: 1000, attempts: 1 });
    open(unit);
    unit.clock.increment(9_999);
    expect(unit.state().context.attempts).toBe(1);
    unit.clock.increment(1);
    expect(unit.state().context.attempts).toBe(0);
  });

  test('whether there ever was a link decides how the waits are drawn', () => {
    const unit = connecting(5);
    expect(unit.state().context.wasOpen).toBe(false);
    open(unit);
    expect(unit.state().context.wasOpen).toBe(true);
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
