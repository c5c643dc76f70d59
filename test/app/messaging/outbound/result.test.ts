import { expect, test } from 'vitest';
import { until, settle } from '../../../support/until.ts';
import { linkThat, openTestPublisher, refusal, slowLink, textOf } from '../../../support/messaging.ts';

test('a refusal tells the reason and the reason code, and is not tried again (M8)', async () => {
  const { publisher, warnings } = await openTestPublisher();
  publisher.attach(linkThat(() => Promise.reject(refusal())));
  const result = await publisher.publish('t', 'x', { qos: 1 });
  expect(result).toEqual({ outcome: 'refused', reason: 'Not authorised', reasonCode: 0x87 });
  await settle();
  expect(publisher.metrics()).toMatchObject({ waiting: 0, sending: 0, refused: 1 });
  expect(warnings).toEqual(['A message for t was refused: Not authorised']);
});

test('refusals in a loop are told once in a while for each topic', async () => {
  const { publisher, warnings, clock } = await openTestPublisher();
  publisher.attach(linkThat(() => Promise.reject(refusal())));
  for (let count = 0; count < 50; count += 1) await publisher.publish('t', 'x', { qos: 1 });
  await publisher.publish('other', 'x', { qos: 1 });
  expect(warnings).toHaveLength(2);
  clock.advance(60_000);
  await publisher.publish('t', 'x', { qos: 1 });
  expect(warnings.at(-1)).toContain('49 more');
});

test('a kept message that the broker refuses for good goes aside, and the next follow (S8)', async () => {
  const { publisher, outcomes, store, sent } = await openTestPublisher();
  await outcomes('denied', '1');
  await outcomes('t', '2');
  publisher.attach(
    linkThat(async (topic, payload) => {
      if (topic === 'denied') throw refusal();
      sent.push(`${topic} ${textOf(payload)}`);
    }),
  );
  await until(() => sent.length === 1);
  expect(store.dead).toMatchObject([{ message: { topic: 'denied' }, reason: 'Not authorised', reasonCode: 0x87 }]);
  expect(store.messages.size).toBe(0);
  expect(publisher.metrics()).toMatchObject({ dead: 1, sent: 1, refused: 0, waiting: 0 });
});

test('a broker whose quota is used up gets the message later', async () => {
  const { publisher, outcomes, sent, clock } = await openTestPublisher();
  await outcomes('t', '1');
  let isOver = true;
  publisher.attach(
    linkThat(async (topic, payload) => {
      if (isOver) throw refusal(0x97);
      sent.push(`${topic} ${textOf(payload)}`);
    }),
  );
  await settle();
  isOver = false;
  clock.advance(1_000);
  await until(() => sent.length === 1);
  expect(publisher.metrics()).toMatchObject({ dead: 0, sent: 1 });
});

test('a packet over the limit, topic included, is refused before it is sent, counted in bytes', async () => {
  const { publisher, link, sent } = await openTestPublisher({ packetBytes: 14 });
  publisher.attach(link);
  expect(await publisher.publish('t', 'éé')).toMatchObject({ outcome: 'delivered' });
  expect(await publisher.publish('t', 'ééé')).toMatchObject({ outcome: 'refused' });
  expect(await publisher.publish('tt', 'éé')).toMatchObject({ outcome: 'refused' });
  expect(await publisher.publish('t', new Uint8Array(5))).toMatchObject({ outcome: 'refused' });
  expect(sent).toEqual(['t éé']);
});

test.each(['', 'a/+', '#', 'a\0b', '\ud800', 'x'.repeat(70_000)])('the topic %j is refused', async (topic) => {
  const { publisher, link, sent } = await openTestPublisher();
  publisher.attach(link);
  expect(await publisher.publish(topic, 'x')).toMatchObject({ outcome: 'refused' });
  publisher.detach(link);
  expect(await publisher.publish(topic, 'x')).toMatchObject({ outcome: 'refused' });
  expect(sent).toEqual([]);
});

test('a result can be waited for until it is final', async () => {
  const { publisher, link, clock } = await openTestPublisher({ ageMs: 5_000, policies: { newest: 'latest' } });
  const sent = publisher.publish('t', 'sent', { until: 'settled' });
  const replaced = publisher.publish('newest', 'replaced', { until: 'settled' });
  await publisher.publish('newest', 'newer');
  expect(await replaced).toMatchObject({ outcome: 'dropped' });
  publisher.attach(link);
  expect(await sent).toEqual({ outcome: 'delivered' });
  publisher.detach(link);
  const late = publisher.publish('t', 'late', { until: 'settled' });
  clock.advance(5_001);
  await publisher.publish('t', 'another');
  expect(await late).toMatchObject({ outcome: 'expired' });
});

test('a result that is waited for is queued when the client stops first', async () => {
  const { publisher, store } = await openTestPublisher();
  const waiting = publisher.publish('t', 'x', { until: 'settled' });
  const slow = slowLink();
  await publisher.stop();
  publisher.attach(slow.link);
  expect(await waiting).toEqual({ outcome: 'queued' });
  expect(store.messages.size).toBe(1);
});
