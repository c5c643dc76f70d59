import { expect, test } from 'vitest';
import { createPublisher, defaultPublisherBounds } from '../../../app/plane/publisher.ts';
import type { Link } from '../../../services/broker.ts';
import { BrokerError } from '../../../services/errors.ts';

const closed = () => new BrokerError('closed', 'The link is closed');
const refused = () => new BrokerError('refused', 'Not authorised', { reasonCode: 0x87 });

const linkThat = (publish: Link['publish']): Link => ({
  version: 5,
  sessionPresent: false,
  publish,
  subscribe: async () => [],
  unsubscribe: async () => undefined,
  prove: async () => undefined,
  close: async () => undefined,
});

const setUp = (bounds = defaultPublisherBounds) => {
  const warnings: string[] = [];
  const sent: string[] = [];
  const publisher = createPublisher(bounds, (warning) => warnings.push(warning));
  const link = linkThat(async (topic, payload) => void sent.push(`${topic} ${String(payload)}`));
  return { publisher, warnings, sent, link };
};

test('sends at once while a link is open', async () => {
  const { publisher, link, sent } = setUp();
  publisher.attach(link);
  expect(await publisher.publish('t', 'x')).toBe('delivered');
  expect(sent).toEqual(['t x']);
});

test('keeps messages while there is no link, and sends them in order when it is back', async () => {
  const { publisher, link, sent } = setUp();
  expect(await Promise.all(['1', '2'].map((text) => publisher.publish('t', text)))).toEqual(['queued', 'queued']);
  publisher.attach(link);
  expect(await publisher.publish('t', '3')).toBe('queued');
  await publisher.resume();
  expect(await publisher.publish('t', '4')).toBe('delivered');
  expect(sent).toEqual(['t 1', 't 2', 't 3', 't 4']);
  expect(publisher.figures()).toEqual({ delivered: 4, queued: 0, dropped: 0, refused: 0 });
});

test('a message whose link breaks under it is kept', async () => {
  const { publisher, link, sent } = setUp();
  const broken = linkThat(() => Promise.reject(closed()));
  publisher.attach(broken);
  expect(await publisher.publish('t', '1')).toBe('queued');
  publisher.detach(broken);
  publisher.attach(link);
  await publisher.resume();
  expect(sent).toEqual(['t 1']);
});

test('a link that breaks while the queue is sent leaves the rest waiting', async () => {
  const { publisher, link, sent } = setUp();
  for (const text of ['1', '2', '3']) await publisher.publish('t', text);
  let left = 1;
  publisher.attach(
    linkThat(async (topic, payload) => {
      if (left-- > 0) return void sent.push(`${topic} ${String(payload)}`);
      throw closed();
    }),
  );
  await publisher.resume();
  expect(publisher.figures().queued).toBe(2);
  publisher.attach(link);
  await publisher.resume();
  expect(sent).toEqual(['t 1', 't 2', 't 3']);
});

test('the oldest are dropped, counted and told once when the queue is full', async () => {
  const { publisher, link, sent, warnings } = setUp({ ...defaultPublisherBounds, messages: 2 });
  for (const text of ['1', '2', '3', '4']) expect(await publisher.publish('t', text)).toBe('queued');
  publisher.attach(link);
  await publisher.resume();
  expect(sent).toEqual(['t 3', 't 4']);
  expect(publisher.figures().dropped).toBe(2);
  expect(warnings).toHaveLength(1);
});

test('the queue is bounded by bytes too', async () => {
  const { publisher } = setUp({ ...defaultPublisherBounds, bytes: 5 });
  for (const text of ['12', '34', '56']) await publisher.publish('t', text);
  expect(publisher.figures()).toMatchObject({ queued: 2, dropped: 1 });
});

test('what the broker refuses is not tried again, live or queued', async () => {
  const { publisher, warnings } = setUp();
  await publisher.publish('t', 'early');
  publisher.attach(linkThat(() => Promise.reject(refused())));
  await publisher.resume();
  expect(await publisher.publish('t', 'late')).toBe('refused');
  expect(publisher.figures()).toMatchObject({ queued: 0, refused: 2 });
  expect(warnings).toEqual(Array(2).fill('A message for t was refused: Not authorised'));
});

test('a payload over the limit is refused before it is sent, counted in bytes', async () => {
  const { publisher, link, sent } = setUp({ ...defaultPublisherBounds, payloadBytes: 4 });
  publisher.attach(link);
  expect(await publisher.publish('t', 'ééé')).toBe('refused');
  expect(await publisher.publish('t', 'éé')).toBe('delivered');
  expect(await publisher.publish('t', Buffer.alloc(5))).toBe('refused');
  expect(sent).toEqual(['t éé']);
});

test('after a stop every message is dropped', async () => {
  const { publisher } = setUp();
  await publisher.publish('t', 'waiting');
  publisher.stop();
  expect(await publisher.publish('t', 'late')).toBe('dropped');
  expect(publisher.figures()).toMatchObject({ queued: 0, dropped: 1 });
});

test('send fails clearly without a link', async () => {
  const { publisher } = setUp();
  await expect(publisher.send('t', 'x')).rejects.toMatchObject({ name: 'BrokerError', code: 'closed' });
});
