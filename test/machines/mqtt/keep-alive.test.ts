import { describe, expect, test } from 'vitest';
import { failure, isOnline, online } from './under-test.ts';

/** Lets time pass in small steps, since the simulated clock sets new timers at the end of each. */
const pass = ({ clock }: ReturnType<typeof online>, ms: number) => {
  for (let passed = 0; passed < ms; passed += 100) clock.increment(100);
};

const withPings = (pingIntervalMs: number) => {
  const unit = online(5);
  unit.actor.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs });
  // The interval that runs is the one before.
  pass(unit, 20_000);
  return unit;
};

const pings = ({ link }: ReturnType<typeof online>) =>
  link.last().commands.filter(({ type }) => type === 'link.ping').length;

describe('signs of life (M4)', () => {
  test('are asked for each ping interval, which the settings may change on the open link', () => {
    const unit = withPings(5000);
    expect(pings(unit)).toBe(1);
    pass(unit, 50_000);
    expect(pings(unit)).toBe(11);
    expect(unit.link.opened).toHaveLength(1);
  });

  test('a link without any for two intervals is dead, whatever its adapter says', () => {
    const unit = withPings(5000);
    unit.link.broker.isSilent = true;
    pass(unit, 9900);
    expect(isOnline(unit)).toBe(true);
    pass(unit, 100);
    expect(unit.state().value).toEqual({ waiting: 'soon' });
    expect(unit.link.last().isHeld).toBe(false);
    const message = expect.stringContaining('gave no sign of life');
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'mqtt.offline', failure: { code: 'timeout', message } });
  });

  test('one that comes late, but in time, is enough', () => {
    const unit = withPings(5000);
    unit.link.broker.isSilent = true;
    pass(unit, 9000);
    unit.link.last().tell({ type: 'link.alive' });
    unit.link.broker.isSilent = false;
    pass(unit, 60_000);
    expect(isOnline(unit)).toBe(true);
    expect(unit.link.opened).toHaveLength(1);
  });
});

describe('timers that fire an hour late, as after a suspend (M13)', () => {
  const hour = 3_600_000;

  test('a link that died meanwhile is noticed within one ping interval', () => {
    const unit = withPings(5000);
    unit.link.broker.isSilent = true;
    unit.clock.increment(hour);
    expect(pings(unit)).toBe(2);
    pass(unit, 5000);
    expect(unit.state().value).toEqual({ waiting: 'soon' });
  });

  test('one that is alive is kept', () => {
    const unit = withPings(5000);
    unit.clock.increment(hour);
    pass(unit, 60_000);
    expect(isOnline(unit)).toBe(true);
    expect(unit.link.opened).toHaveLength(1);
  });

  test.each(['network', 'credentials'])('a wait that ended meanwhile (%s) is one attempt, not many', (code) => {
    const unit = withPings(5000);
    unit.link.last().tell({ type: 'link.closed', failure: failure(code) });
    unit.clock.increment(hour);
    expect(unit.link.opened).toHaveLength(2);
    expect(unit.state().value).toEqual({ linked: 'connecting' });
  });
});
