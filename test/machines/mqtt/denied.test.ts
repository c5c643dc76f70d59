import { describe, expect, test } from 'vitest';
import { jitteredDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { connecting, denied, failure, grant, granted, isOnline, open, type MqttUnderTest } from './under-test.ts';

const own = ['d/input_base_topic/u/update/pepeunit', 'd/input_base_topic/u/log_sync/pepeunit'];
const [first = '', second = ''] = own;
const other = 'd/input/pepeunit';
const report = 'd/output_base_topic/u/log/pepeunit';

/** A link with its topics asked for. */
const asking = (topics: readonly string[] = [...own, other]) => {
  const unit = connecting(5, topics);
  open(unit);
  return unit;
};

const factsOf = ({ parent }: MqttUnderTest, ...types: string[]) =>
  parent.facts.filter(({ type }) => types.includes(type)).map(({ type, ...rest }) => [type, 'isRepeated' in rest]);

const resumed = ({ link }: MqttUnderTest) => link.last().commands.filter(({ type }) => type === 'link.resume').length;

const online = () => {
  const unit = asking();
  grant(unit, granted(first), granted(second), granted(other));
  return unit;
};

describe('an instance that denies the unit its own topics (M19)', () => {
  test('is away: the link ends, nothing was published, and another follows from 5 s on', () => {
    const unit = asking();
    const waits = [5000, 10_000, 20_000, 40_000, 60_000, 60_000];
    for (const wait of waits) {
      expect(unit.state().hasTag('busy')).toBe(true);
      grant(unit, denied(first), denied(second), granted(other));
      expect(unit.state().value).toEqual({ waiting: 'late' });
      expect(unit.state().hasTag('faulty')).toBe(true);
      expect(resumed(unit)).toBe(0);
      const links = unit.link.opened.length;
      unit.clock.increment(wait - 1);
      expect(unit.link.opened).toHaveLength(links);
      unit.clock.increment(1);
      expect(unit.link.opened).toHaveLength(links + 1);
      open(unit);
    }
    grant(unit, granted(first), granted(second), granted(other));
    expect(isOnline(unit)).toBe(true);
    expect(factsOf(unit, 'mqtt.denied', 'mqtt.granted', 'mqtt.offline')).toEqual([
      ['mqtt.offline', false],
      ['mqtt.denied', false],
      ...waits.slice(1).flatMap(() => [
        ['mqtt.offline', true],
        ['mqtt.denied', true],
      ]),
      ['mqtt.granted', false],
    ]);
  });

  test('that denies one of several denies that topic alone', () => {
    const unit = asking();
    grant(unit, denied(first), granted(second), granted(other));
    expect(isOnline(unit)).toBe(true);
    expect(resumed(unit)).toBeGreaterThan(0);
    expect(factsOf(unit, 'mqtt.denied')).toEqual([]);
  });

  test('a unit that wants one of them needs that one, and a unit that wants none needs none', () => {
    const one = asking([first, other]);
    grant(one, denied(first), granted(other));
    expect(one.state().value).toEqual({ waiting: 'late' });
    const none = asking([other]);
    expect(resumed(none)).toBe(1);
    grant(none, denied(other));
    expect(isOnline(none)).toBe(true);
  });

  test.each([
    ['a report', report, { waiting: 'late' }],
    ['an output', 'd/output/pepeunit', { linked: { open: 'subscribing' } }],
    ['a report from before a move', 'old.d/output_base_topic/u/log/pepeunit', { linked: { open: 'subscribing' } }],
  ])('a denied message on %s', (_, topic, state) => {
    const unit = online();
    unit.link.last().tell({ type: 'link.denied', topic });
    expect(unit.state().value).toEqual(state);
  });

  test('a denied output makes the unit ask for its own topics again: they decide', () => {
    const unit = online();
    const before = resumed(unit);
    unit.link.last().tell({ type: 'link.denied', topic: 'd/output/pepeunit' });
    expect(unit.link.last().commands.at(-1)).toEqual({ type: 'link.subscribe', topics: own });
    expect(resumed(unit)).toBe(before);
    grant(unit, granted(first), granted(second));
    expect(isOnline(unit)).toBe(true);
    expect(resumed(unit)).toBeGreaterThan(before);
    unit.link.last().tell({ type: 'link.denied', topic: 'd/output/pepeunit' });
    grant(unit, denied(first), denied(second));
    expect(unit.state().value).toEqual({ waiting: 'late' });
  });

  test('a link that the broker ends over these topics alone counts as denied', () => {
    const unit = asking(own);
    unit.link.last().tell({ type: 'link.closed', failure: failure('credentials') });
    expect(unit.state().value).toEqual({ waiting: 'late' });
    const mixed = asking();
    mixed.link.last().tell({ type: 'link.closed', failure: failure('credentials') });
    expect(mixed.state().value).toEqual({ waiting: 'soon' });
  });

  test('new settings are tried at once', () => {
    const unit = asking();
    grant(unit, denied(first), denied(second), granted(other));
    unit.actor.send({ type: 'mqtt.connect', linkRevision: 2 });
    expect(unit.state().value).toEqual({ linked: 'connecting' });
  });

  test.each([
    ['in full', 0, [2500, 5000, 10_000, 20_000, 30_000]],
    ['in full, and at last over the spread', 150_000, [2500, 5000, 10_000, 20_000, 150_000]],
  ] as const)('waits after a denial are drawn %s (M19)', (_, spreadMs, waits) => {
    const delays = jitteredDelays(
      () => 0.5,
      () => spreadMs,
    );
    const drawnWaits = [1, 2, 3, 4, 9].map((attempts) => delays.retryRefusedAfter({ context: { attempts } }));
    expect(drawnWaits).toEqual(waits);
  });
});

const deny = (unit: MqttUnderTest) => {
  grant(unit, denied(first), denied(second), granted(other));
  unit.clock.increment(60_000);
  open(unit);
};
const facts = ({ parent }: MqttUnderTest, type: string) => parent.facts.filter((fact) => fact.type === type);

describe('what is told of a denial', () => {
  test('is marked as repeated until the topics are granted', () => {
    const unit = asking();
    deny(unit);
    deny(unit);
    expect(facts(unit, 'mqtt.connected')).toEqual([
      { type: 'mqtt.connected', sessionPresent: false, version: 5 },
      { type: 'mqtt.connected', sessionPresent: false, version: 5, isRepeated: true },
      { type: 'mqtt.connected', sessionPresent: false, version: 5, isRepeated: true },
    ]);
    expect(facts(unit, 'mqtt.denied').map((fact) => 'isRepeated' in fact && fact.isRepeated)).toEqual([false, true]);
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    expect(facts(unit, 'mqtt.offline').at(-1)).toMatchObject({ isRepeated: true, failure: { code: 'network' } });
  });

  test('names the denial as the reason of the end, whatever showed it', () => {
    const refusal = { type: 'mqtt.offline', failure: { code: 'credentials' } };
    const byAnswer = asking();
    grant(byAnswer, denied(first), denied(second), granted(other));
    const byReport = online();
    byReport.link.last().tell({ type: 'link.denied', topic: report });
    for (const unit of [byAnswer, byReport]) expect(facts(unit, 'mqtt.offline').at(-1)).toMatchObject(refusal);
  });

  test('a topic that costs every link is denied as soon as the next is open', () => {
    const unit = asking([first, other]);
    for (let links = 0; links < 3; links += 1) {
      if (links > 0) grant(unit, granted(other));
      unit.link.last().tell({ type: 'link.closed', failure: failure('closed') });
      unit.clock.increment(300_000);
      open(unit);
    }
    expect(facts(unit, 'mqtt.offline').at(-1)).toMatchObject({ failure: { code: 'credentials' } });
    expect(facts(unit, 'mqtt.denied')).toHaveLength(1);
  });

  test('ends when the unit wants none of its topics any more: that is told before that it is online', () => {
    const unit = asking();
    deny(unit);
    expect(resumed(unit)).toBe(0);
    unit.actor.send({ type: 'mqtt.want', topics: [] });
    expect(isOnline(unit)).toBe(true);
    expect(resumed(unit)).toBe(1);
    expect(unit.parent.types().slice(-2)).toEqual(['mqtt.granted', 'mqtt.online']);
  });

  test('is no reason for an end that names another', () => {
    const unit = asking(own);
    unit.link.last().tell({ type: 'link.closed', failure: failure('network') });
    expect(facts(unit, 'mqtt.denied')).toEqual([]);
  });

  test('has the topics asked for one by one where the link ended over them', () => {
    const unit = asking(own);
    unit.link.last().tell({ type: 'link.closed', failure: failure('credentials') });
    unit.clock.increment(60_000);
    open(unit);
    expect(unit.link.last().commands.at(-1)).toEqual({ type: 'link.subscribe', topics: [first] });
  });
});

test('a denied output while answers are awaited doubts the own topics alone', () => {
  const unit = asking();
  unit.link.last().tell({ type: 'link.denied', topic: 'd/output/pepeunit' });
  expect(unit.link.last().commands.at(-1)).toEqual({ type: 'link.subscribe', topics: own });
});
