import { describe, expect, test } from 'vitest';
import { failure, grant, granted, isOnline, online, open, connecting } from './under-test.ts';

const hour = 3_600_000;

const paces = ({ link }: ReturnType<typeof online>) =>
  link.last().commands.flatMap((command) => (command.type === 'link.watch' ? [command.everyMs] : []));

describe('signs of life (M4)', () => {
  test('are asked for each ping interval, which the settings may change on the open link', () => {
    const unit = online(5);
    expect(paces(unit)).toEqual([20_000]);
    unit.actor.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs: 5000 });
    expect(paces(unit)).toEqual([20_000, 5000]);
    expect(isOnline(unit)).toBe(true);
    expect(unit.link.opened).toHaveLength(1);
  });

  test('an interval that is set while the link is opened counts from the start', () => {
    const unit = connecting(5);
    unit.actor.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs: 5000 });
    open(unit);
    expect(paces(unit)).toEqual([5000]);
  });

  test.each([
    ['subscribed', true],
    ['still subscribing', false],
  ] as const)('a link without any is dead, whatever its adapter says (%s)', (_, isSubscribed) => {
    const unit = connecting(5);
    open(unit);
    if (isSubscribed) grant(unit, granted('a'), granted('b'));
    unit.link.last().tell({ type: 'link.silent' });
    expect(unit.state().value).toEqual({ waiting: 'soon' });
    expect(unit.link.last().isHeld).toBe(false);
    const message = expect.stringContaining('gave no sign of life');
    expect(unit.parent.facts.at(-1)).toMatchObject({ type: 'mqtt.offline', failure: { code: 'timeout', message } });
  });
});

describe('timers that fire an hour late, as after a suspend (M13)', () => {
  test.each(['network', 'credentials'])('a wait that ended meanwhile (%s) is one attempt, not many', (code) => {
    const unit = online(5);
    unit.link.last().tell({ type: 'link.closed', failure: failure(code) });
    unit.clock.increment(hour);
    expect(unit.link.opened).toHaveLength(2);
    expect(unit.state().value).toEqual({ linked: 'connecting' });
  });
});
