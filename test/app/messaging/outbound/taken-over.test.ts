import { expect, test } from 'vitest';
import { StorageError } from '../../../../services/errors.ts';
import { stored } from '../../../contracts/outbox.ts';
import { createTestPublisher, openTestPublisher, textOf } from '../../../support/messaging.ts';
import { settle, until } from '../../../support/until.ts';

const inUse = new StorageError('io', 'The outbox is in use by another program of this unit.');
const takenOver = new StorageError('lost', 'The outbox is another program’s.');

const own = { topic: 't', unit: undefined } as const;
const textsIn = ({ messages }: ReturnType<typeof createTestPublisher>['store']): string[] =>
  [...messages.values()].toSorted((a, b) => a.id - b.id).map(({ payload }) => textOf(payload));

test('what waits in memory while another program has the outbox moves to disk behind what that one left (S3, S15)', async () => {
  const { publisher, clock, store, warnings, sent, link, outcomes } = createTestPublisher();
  store.failNext('open', inUse);
  await publisher.open();
  expect(await outcomes('t', '1', '2')).toEqual(['queued', 'queued']);
  await store.append([stored(7, 'a', own), stored(8, 'b', own)]);
  expect(warnings).toEqual([expect.stringMatching(/kept in memory alone.*in use/)]);
  clock.advance(30_000);
  await until(() => store.messages.size === 4);
  expect(await outcomes('t', '3')).toEqual(['queued']);
  expect(textsIn(store)).toEqual(['a', 'b', '1', '2', '3']);
  publisher.attach(link);
  await until(() => sent.length === 5);
  expect(sent).toEqual(['t a', 't b', 't 1', 't 2', 't 3']);
  expect(warnings.filter((text) => text.includes('memory alone'))).toHaveLength(1);
});

test('an outbox that another program took over and used loses nothing of either when it comes back (S5, S15)', async () => {
  const { publisher, clock, store, warnings, sent, link, outcomes } = await openTestPublisher();
  expect(await outcomes('t', '1', '2', '3')).toEqual(['queued', 'queued', 'queued']);
  // The other one delivers the first, and leaves messages under the numbers that come next.
  const [first = 0] = store.messages.keys();
  store.remove([first]);
  await store.append([stored(first + 3, 'a', own), stored(first + 4, 'b', own)]);
  store.failNext('append', takenOver);
  store.failNext('open', inUse);
  expect(await outcomes('t', '4', '5')).toEqual(['queued', 'queued']);
  await until(() => warnings.length === 2);
  expect(textsIn(store)).toEqual(['2', '3', 'a', 'b']);
  clock.advance(30_000);
  await until(() => store.messages.size === 7);
  await settle();
  expect(textsIn(store)).toEqual(['a', 'b', '1', '2', '3', '4', '5']);
  publisher.attach(link);
  await until(() => sent.length === 7);
  expect(sent).toEqual(['t a', 't b', 't 1', 't 2', 't 3', 't 4', 't 5']);
  await until(() => store.messages.size === 0);
});
