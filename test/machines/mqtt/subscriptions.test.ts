import { describe, expect, test } from 'vitest';
import { isGoodLink, isSameAccount, type Account } from '../../../machines/mqtt/subscriptions.ts';
import { asked, connecting, denied, failure, grant, granted, isOnline, online, open } from './under-test.ts';

const withDenied = () => {
  const unit = connecting();
  open(unit);
  grant(unit, granted('a'), denied('b'));
  return unit;
};

describe('subscriptions (M7)', () => {
  test('a denied topic costs neither the others nor the link, and is not looped on', () => {
    const unit = withDenied();
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.online', granted: 1, denied: [denied('b')] });
    unit.clock.increment(14_999);
    expect(unit.link.opened).toHaveLength(1);
    expect(asked(unit)).toHaveLength(1);
    unit.actor.send({ type: 'mqtt.resubscribe' });
    expect(asked(unit).at(-1)).toEqual({ type: 'link.subscribe', topics: ['a', 'b'] });
  });

  test('a denied topic alone is asked for again at 15 s, 30 s … 10 min, and told when that changes something (M19)', () => {
    const unit = withDenied();
    const told = () => unit.parent.facts.filter(({ type }) => type === 'mqtt.online');
    for (const [times, seconds] of [15, 30, 60, 120, 240, 480, 600, 600].entries()) {
      unit.clock.increment(seconds * 1000 - 1);
      expect(asked(unit)).toHaveLength(1 + times);
      unit.clock.increment(1);
      expect(asked(unit)).toHaveLength(2 + times);
      expect(asked(unit).at(-1)).toEqual({ type: 'link.subscribe', topics: ['b'] });
      grant(unit, denied('b'));
      expect(isOnline(unit)).toBe(true);
    }
    expect(told()).toHaveLength(1);
    unit.clock.increment(600_000);
    grant(unit, granted('b'));
    expect(told().at(-1)).toEqual({ type: 'mqtt.online', granted: 2, denied: [] });
    unit.clock.increment(3_600_000);
    expect(asked(unit), 'nothing is denied any more').toHaveLength(10);
  });

  test('a denied topic is asked for again after a change of what is wanted', () => {
    const unit = withDenied();
    unit.clock.increment(15_000);
    grant(unit, denied('b'));
    unit.actor.send({ type: 'mqtt.want', topics: ['a', 'b'] });
    expect(asked(unit)).toHaveLength(3);
    expect(asked(unit).at(-1)).toEqual({ type: 'link.subscribe', topics: ['b'] });
    grant(unit, denied('b'));
    unit.clock.increment(15_000);
    expect(asked(unit), 'soon again').toHaveLength(4);
  });

  test('a change drops what is gone, asks for what is new, and keeps the rest', () => {
    const unit = online();
    unit.actor.send({ type: 'mqtt.want', topics: ['b', 'c', 'c'] });
    expect(asked(unit).slice(1)).toEqual([
      { type: 'link.unsubscribe', topics: ['a'] },
      { type: 'link.subscribe', topics: ['c'] },
    ]);
    grant(unit, granted('c'));
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.online', granted: 2, denied: [] });
  });

  test('a change while answers are awaited is reconciled too', () => {
    const unit = connecting();
    open(unit);
    unit.actor.send({ type: 'mqtt.want', topics: ['b', 'c'] });
    expect(asked(unit)).toEqual([
      { type: 'link.subscribe', topics: ['a', 'b'] },
      { type: 'link.subscribe', topics: ['c'] },
    ]);
    grant(unit, granted('a'), granted('b'));
    expect(asked(unit).at(-1)).toEqual({ type: 'link.unsubscribe', topics: ['a'] });
    expect(unit.state().value).toEqual({ linked: { open: 'subscribing' } });
    grant(unit, granted('c'));
    expect(isOnline(unit)).toBe(true);
    expect(unit.state().context.granted).toEqual(['b', 'c']);
  });

  test('an answer that comes after its topic is no longer wanted is undone', () => {
    const unit = connecting('auto', ['a']);
    open(unit);
    unit.actor.send({ type: 'mqtt.want', topics: [] });
    expect(isOnline(unit)).toBe(true);
    grant(unit, granted('a'));
    expect(asked(unit).at(-1)).toEqual({ type: 'link.unsubscribe', topics: ['a'] });
    expect(unit.state().context.granted).toEqual([]);
  });

  test.each([
    [true, undefined],
    [false, { type: 'link.subscribe', topics: ['a', 'b'] }],
  ])('after a reconnect with session present = %s', (sessionPresent, command) => {
    const unit = online();
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    unit.clock.increment(1000);
    open(unit, sessionPresent);
    expect(asked(unit).at(-1)).toEqual(command);
  });

  test('what was wanted meanwhile is asked for on a present session', () => {
    const unit = online();
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    unit.actor.send({ type: 'mqtt.want', topics: ['b', 'c'] });
    unit.clock.increment(1000);
    open(unit, true);
    expect(asked(unit)).toEqual([
      { type: 'link.unsubscribe', topics: ['a'] },
      { type: 'link.subscribe', topics: ['c'] },
    ]);
  });
});

describe('what is asked for while answers are awaited', () => {
  test('is asked for again on request', () => {
    const unit = connecting();
    open(unit);
    unit.actor.send({ type: 'mqtt.resubscribe' });
    expect(asked(unit)).toEqual([
      { type: 'link.subscribe', topics: ['a', 'b'] },
      { type: 'link.subscribe', topics: ['a', 'b'] },
    ]);
  });

  test('is all suspect when the link ends, what was added too', () => {
    const unit = connecting();
    open(unit);
    unit.actor.send({ type: 'mqtt.want', topics: ['a', 'b', 'c'] });
    unit.link.last().tell({ type: 'link.closed', failure: failure('closed') });
    unit.clock.increment(1000);
    open(unit);
    expect(asked(unit)).toEqual([{ type: 'link.subscribe', topics: ['a'] }]);
  });

  test('is asked for one by one on the next link where no answer came in time', () => {
    const unit = connecting();
    open(unit);
    unit.clock.increment(30_000);
    unit.clock.increment(1000);
    open(unit);
    expect(asked(unit)).toEqual([{ type: 'link.subscribe', topics: ['a'] }]);
  });

  test('is no denied topic when it is not wanted any more', () => {
    const unit = connecting('auto', ['a']);
    open(unit);
    unit.actor.send({ type: 'mqtt.want', topics: [] });
    grant(unit, denied('a'));
    expect(unit.state().context.denied).toEqual([]);
  });

  test('comes after what waited for the grants', () => {
    const unit = connecting();
    open(unit);
    expect(unit.link.last().commands.map(({ type }) => type)).toEqual(['link.watch', 'link.resume', 'link.subscribe']);
  });

  test('is forgotten with the link: a failed attempt after it has asked for nothing', () => {
    const unit = connecting();
    open(unit);
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    expect(unit.state().context.asked).toEqual(['a', 'b']);
    unit.clock.increment(1000);
    expect(unit.state().context.asked).toEqual([]);
  });
});

test('a denied topic is asked for again soon after all were asked for again', () => {
  const unit = withDenied();
  unit.clock.increment(15_000);
  grant(unit, denied('b'));
  unit.actor.send({ type: 'mqtt.resubscribe' });
  grant(unit, granted('a'), denied('b'));
  unit.clock.increment(14_999);
  expect(asked(unit)).toHaveLength(3);
  unit.clock.increment(1);
  expect(asked(unit)).toHaveLength(4);
});

test('a link is good with every base topic granted', () => {
  expect(isGoodLink([denied('d/input/u')])).toBe(true);
  expect(isGoodLink([denied('d/input/u'), denied('d/input_base_topic/u/update/pepeunit')])).toBe(false);
});

test('a report is new when anything in it is', () => {
  const account: Account = { wanted: 2, granted: 1, denied: ['a'] };
  expect(isSameAccount(account, { ...account })).toBe(true);
  for (const change of [{ wanted: 3 }, { granted: 2 }, { denied: [] }, { denied: ['b'] }, { denied: ['a', 'b'] }])
    expect(isSameAccount(account, { ...account, ...change })).toBe(false);
});
