import { describe, expect, test } from 'vitest';
import { jitteredDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import {
  afterEnd,
  canBeOverTopics,
  endedOverOwnTopics,
  endedOverTopics,
  isRetryCostly,
  nextToAsk,
} from '../../../machines/mqtt/topic-quarantine.ts';
import { asked, connecting, failure, grant, granted, isOnline, open, type MqttUnderTest } from './under-test.ts';

const end = ({ link }: MqttUnderTest, code = 'closed') =>
  link.last().tell({ type: 'link.closed', failure: failure(code) });

const again = (unit: MqttUnderTest) => {
  unit.clock.increment(300_000);
  open(unit);
};

/** Topics of each SUBSCRIBE on the last link. */
const subscribes = (unit: MqttUnderTest) =>
  asked(unit).flatMap((command) => (command.type === 'link.subscribe' ? [command.topics] : []));

/** A broker that grants what it is asked for, and ends the link over some topics. */
const serve = (unit: MqttUnderTest, poison: readonly string[], code?: string) => {
  for (let answers = 0; !isOnline(unit) && answers < 20; answers += 1) {
    const topics = subscribes(unit)[answers] ?? [];
    if (topics.some((topic) => poison.includes(topic))) return end(unit, code);
    grant(unit, ...topics.map(granted));
  }
};

/** @returns How many links it took to be online. */
const served = (unit: MqttUnderTest, poison: readonly string[], code?: string): number => {
  serve(unit, poison, code);
  for (let links = 1; links < 100; links += 1) {
    if (isOnline(unit)) return links;
    again(unit);
    serve(unit, poison, code);
  }
  return Infinity;
};

const topics = ['a', 'b', 'c', 'd', 'e'];

const opened = (wanted: readonly string[] = topics) => {
  const unit = connecting(5, wanted);
  open(unit);
  return unit;
};

const searching = (poison: readonly string[], wanted = topics) => {
  const unit = opened(wanted);
  return { unit, links: served(unit, poison) };
};

const hourMs = 3_600_000;
const quarantined = (topic: string) => ({ topic, granted: false, reasonCode: 0x80 });

describe('a broker that ends the link over a denied topic (M7)', () => {
  test.each(topics)('over "%s": it is found, and the others are granted and kept', (poison) => {
    const { unit, links } = searching([poison]);
    expect(links).toBe(4);
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.online', granted: 4, denied: [quarantined(poison)] });
    unit.clock.increment(hourMs - 1);
    expect(unit.link.opened).toHaveLength(4);
  });

  test('with DISCONNECT 0x87 it is not held for a refusal of the unit', () => {
    const unit = opened();
    expect(served(unit, ['c'], 'credentials')).toBe(4);
  });

  test.each([
    [['a', 'e'], 6],
    [['b', 'c', 'd'], 8],
    [['a', 'b', 'c', 'd'], 10],
  ])('over each of %j: all are found', (poison, most) => {
    const { unit, links } = searching(poison);
    expect(links).toBeLessThanOrEqual(most);
    expect(unit.state().context.granted).toEqual(topics.filter((topic) => !poison.includes(topic)));
  });

  test('topics are asked for one by one after an end without an answer, those beyond doubt together and first', () => {
    const unit = opened();
    expect(subscribes(unit)).toEqual([topics]);
    end(unit);
    unit.actor.send({ type: 'mqtt.want', topics: [...topics, 'f', 'g'] });
    again(unit);
    expect(subscribes(unit)).toEqual([['f', 'g']]);
    grant(unit, granted('f'), granted('g'));
    grant(unit, granted('a'));
    expect(subscribes(unit)).toEqual([['f', 'g'], ['a'], ['b']]);
  });

  test('the topic that the last link ended over comes last', () => {
    const unit = opened();
    serve(unit, ['a']);
    again(unit);
    serve(unit, ['a']);
    expect(subscribes(unit)).toEqual([['a']]);
    again(unit);
    serve(unit, ['a']);
    expect(subscribes(unit)).toEqual([['b'], ['c'], ['d'], ['e'], ['a']]);
  });

  test('many topics take as long as they take: each answer has its own time limit', () => {
    const unit = opened();
    end(unit);
    again(unit);
    for (const topic of topics) {
      unit.clock.increment(29_000);
      grant(unit, granted(topic));
    }
    expect(isOnline(unit)).toBe(true);
  });

  test('a new topic costs nothing of what was granted', () => {
    const unit = opened();
    serve(unit, []);
    unit.actor.send({ type: 'mqtt.want', topics: [...topics, 'x'] });
    end(unit);
    again(unit);
    expect(served(unit, ['x'])).toBeLessThanOrEqual(3);
    expect(unit.state().context.granted).toEqual(topics);
  });

  test('after another outage it is not asked for', () => {
    const { unit } = searching(['c']);
    end(unit, 'network');
    again(unit);
    expect(subscribes(unit)).toEqual([['a', 'b', 'd', 'e']]);
    serve(unit, []);
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.online', granted: 4, denied: [quarantined('c')] });
  });

  test('it is asked for again each hour; one more end is enough', () => {
    const { unit } = searching(['c']);
    unit.clock.increment(hourMs);
    expect(subscribes(unit).at(-1)).toEqual(['c']);
    end(unit);
    again(unit);
    expect(subscribes(unit)).toEqual([['a', 'b', 'd', 'e']]);
    serve(unit, []);
    expect(isOnline(unit)).toBe(true);
    unit.clock.increment(hourMs);
    grant(unit, granted('c'));
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.online', granted: 5, denied: [] });
  });

  test.each([
    ['a schema update', { type: 'mqtt.want', topics }] as const,
    ['mqtt.resubscribe', { type: 'mqtt.resubscribe' }] as const,
  ])('it is asked for again, last, after %s', (_, event) => {
    const { unit } = searching(['c']);
    unit.actor.send(event);
    serve(unit, []);
    expect(isOnline(unit)).toBe(true);
    expect(subscribes(unit).at(-1)).toEqual(['c']);
    expect(unit.state().context).toMatchObject({ denied: [], quarantined: [], suspects: [] });
  });
});

describe('what is no sign of a denied topic (M7)', () => {
  test('a broker that answers no SUBSCRIBE at all: no topic is given up', () => {
    const unit = opened();
    for (let links = 0; links < 30; links += 1) {
      end(unit);
      again(unit);
    }
    expect(unit.state().context.quarantined).toEqual([]);
    serve(unit, []);
    expect(unit.parent.facts.at(-1)).toEqual({ type: 'mqtt.online', granted: 5, denied: [] });
  });

  test('ends over a topic that was granted in between', () => {
    const unit = opened();
    for (let time = 0; time < 5; time += 1) {
      end(unit);
      again(unit);
      serve(unit, ['c']);
      again(unit);
      serve(unit, []);
      expect(isOnline(unit)).toBe(true);
      end(unit);
      again(unit);
    }
    expect(unit.state().context.quarantined).toEqual([]);
  });

  test.each([
    ['takenOver', 'displaced'],
    ['quota', 'late'],
    ['protocol', 'late'],
  ])('an end of another reason (%s)', (code, state) => {
    const unit = opened();
    end(unit, code);
    expect(unit.state().value).toEqual({ waiting: state });
    expect(unit.state().context.suspects).toEqual([]);
  });

  test('a network that goes', () => {
    const unit = opened();
    unit.actor.send({ type: 'network.down' });
    expect(unit.state().context.suspects).toEqual([]);
  });
});

test('while the topic is sought the waits are short, since no fleet is there that lost its broker', () => {
  const { retryAfter } = jitteredDelays(
    () => 0.5,
    () => 150_000,
  );
  const failing = { attempts: 2, wasOpen: true, asked: ['x'], failure: failure('closed') };
  expect(retryAfter({ context: { ...failing, granted: ['a'] } })).toBe(1000);
  expect(retryAfter({ context: { ...failing, granted: [] } })).toBe(150_000);
});

describe('the rules', () => {
  const own = 'd/input_base_topic/u/update/pepeunit';
  const suspects = [{ topic: 'a', ends: 2 }];

  test('an end of a stated other reason is never over topics', () => {
    const codes = ['takenOver', 'quota', 'protocol', 'closed', 'credentials', 'network'];
    expect(codes.filter((code) => canBeOverTopics(failure(code)))).toEqual(['closed', 'credentials', 'network']);
  });

  test('a suspect is asked for when nothing else is', () => {
    const now = { suspects: [...suspects, { topic: 'b', ends: 1 }], quarantined: [], granted: [] };
    expect(nextToAsk({ ...now, asked: ['c'] }, ['a', 'b'])).toEqual([]);
    expect(nextToAsk({ ...now, asked: [] }, ['a', 'b'])).toEqual(['b']);
  });

  test.each([
    [[], [], false],
    [[], ['a'], false],
    [['a'], [], false],
    [['a'], ['b'], true],
  ])('asked for %j with %j granted, a link ended over its topics: %s', (last, before, isOver) => {
    expect(endedOverTopics({ asked: last, granted: before })).toBe(isOver);
  });

  test.each([
    [[], [], false],
    [[own], [], true],
    [[own, 'a'], [], false],
    [[own], ['a'], true],
    [[own], [own], false],
  ])('asked for %j with %j granted, a link ended over its own topics alone: %s', (last, before, isOver) => {
    expect(endedOverOwnTopics({ asked: last, granted: before })).toBe(isOver);
  });

  test('only a topic that was asked for alone is blamed', () => {
    const now = { suspects, quarantined: [], wanted: ['a', 'b', 'c'], granted: ['c'], denied: [] };
    expect(afterEnd({ ...now, asked: ['a'] })).toEqual({ suspects: [], quarantined: ['a'] });
    expect(afterEnd({ ...now, asked: ['a', 'b'] }).quarantined).toBeUndefined();
    expect(afterEnd({ ...now, asked: ['b'] }).quarantined).toBeUndefined();
  });

  test('a retry costs a link where all that is denied is in quarantine, and something is', () => {
    const now = { suspects: [], wanted: [], asked: [], granted: [], quarantined: ['a'] };
    expect(isRetryCostly({ ...now, denied: [] })).toBe(false);
    expect(isRetryCostly({ ...now, denied: [quarantined('a')] })).toBe(true);
    expect(isRetryCostly({ ...now, denied: [quarantined('a'), quarantined('b')] })).toBe(false);
  });
});
