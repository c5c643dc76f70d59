import { expect, test } from 'vitest';
import type { Link, Outcome } from '../../../../services/broker.ts';
import { closed, linkThat, openTestPublisher, refusal, textOf } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

/** A link that tells outcomes instead of promises, when and as the test says. */
const tellingLink = (onMessage: (topic: string, outcome: Outcome) => void) => {
  const taken: string[] = [];
  const link: Link = {
    ...linkThat(() => Promise.reject(new Error('not to be called'))),
    deliver: (topic, payload, qos, retain, outcome) => {
      taken.push(`${topic} ${textOf(payload)} ${qos} ${retain}`);
      onMessage(topic, outcome);
    },
  };
  return { link, taken };
};

test('a message is told of once its link tells of it', async () => {
  const { publisher } = await openTestPublisher();
  const outcomes: Outcome[] = [];
  const { link, taken } = tellingLink((_topic, outcome) => outcomes.push(outcome));
  publisher.attach(link);
  const results = [
    publisher.publish('t', '1', { qos: 1, retain: true }),
    publisher.accept('t', '2', { qos: 1 }),
    publisher.accept('t', '3', { qos: 2 }),
    publisher.publish('t', '4', { qos: 1 }),
  ];
  expect(taken).toEqual(['t 1 1 true', 't 2 1 false', 't 3 2 false', 't 4 1 false']);
  outcomes[0]?.resolve();
  outcomes[1]?.resolve();
  outcomes[2]?.reject(refusal());
  outcomes[3]?.reject(closed());
  expect(await Promise.all(results)).toEqual([{ outcome: 'delivered' }, true, false, { outcome: 'queued' }]);
  expect(publisher.metrics()).toMatchObject({ sent: 2, refused: 1, queued: 1 });
});

test('messages that are delivered at once share one promise', async () => {
  const { publisher, link } = await openTestPublisher();
  publisher.attach({ ...link, publishNow: () => true });
  expect(publisher.accept('t', '1')).toBe(publisher.accept('t', '2'));
  expect(publisher.publish('t', '1')).toBe(publisher.publish('t', '2'));
  expect(await publisher.accept('t', '3')).toBe(true);
  expect(publisher.metrics().sent).toBe(5);
});

test('who awaits the end is told of that alone, not that the message is kept', async () => {
  const { publisher, clock } = await openTestPublisher();
  const breaking = tellingLink((_topic, outcome) => outcome.reject(closed()));
  publisher.attach(breaking.link);
  const told: string[] = [];
  const tell = (name: string) => (isAccepted: boolean) => told.push(`${name} ${isAccepted}`);
  void publisher.accept('t', '1', { qos: 1 }).then(tell('accepted'));
  void publisher.accept('t', '2', { qos: 1, until: 'settled' }).then(tell('settled'));
  await settle();
  expect(told).toEqual(['accepted true']);
  publisher.detach(breaking.link);
  const { link, taken } = tellingLink((_topic, outcome) => outcome.resolve());
  publisher.attach(link);
  clock.advance(1_000);
  await settle();
  expect(taken).toEqual(['t 1 1 false', 't 2 1 false']);
  expect(told).toEqual(['accepted true', 'settled true']);
});

test('thousands of kept messages that are refused while they are sent go aside one after the other', async () => {
  const { publisher, store } = await openTestPublisher({ messages: 20_000, bytes: 100_000_000 });
  const texts = Array.from({ length: 12_000 }, (_, at) => String(at));
  await Promise.all(texts.map((text) => publisher.publish('t', text, { qos: 1 })));
  const { link, taken } = tellingLink((_topic, outcome) => outcome.reject(refusal()));
  publisher.attach(link);
  await settle();
  expect(taken).toHaveLength(texts.length);
  expect(publisher.metrics()).toMatchObject({ dead: texts.length, waiting: 0 });
  expect(store.messages.size).toBe(0);
});
