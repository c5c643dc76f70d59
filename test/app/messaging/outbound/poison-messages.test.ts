import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BrokerError } from '../../../../services/errors.ts';
import { closed, openTestPublisher, slowLink } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

type Bench = Awaited<ReturnType<typeof openTestPublisher>>;

/** What one link does: it ends after so long, and acknowledges each message after a while, or none. */
interface Life {
  readonly lastsMs: number;
  readonly answersMs: number | undefined;
  /** Ends the link as soon as it comes. */
  readonly poison?: string;
  readonly end?: () => BrokerError;
}

/** Lets a link live; the end comes as it does from a link of MQTT. */
const live = async ({ publisher, clock }: Bench, { lastsMs, answersMs = Infinity, poison, end = closed }: Life) => {
  const { link, taken, answer, answers } = slowLink();
  publisher.attach(link);
  const dueMs: number[] = [];
  const poisonAt = () => taken.findIndex((text) => poison !== undefined && text.startsWith(poison));
  let answered = 0;
  const answerUntil = (count: number) => {
    while (answered < count) answers[answered++]?.();
  };
  let ms = 0;
  for (; ms < lastsMs && poisonAt() < 0; ms += 50) {
    await settle();
    while (dueMs.length < taken.length) dueMs.push(ms + answersMs);
    if (poisonAt() < 0) answerUntil(dueMs.filter((due) => due <= ms).length);
    await settle();
    clock.advance(50);
  }
  if (poisonAt() >= 0) answerUntil(poisonAt());
  answer(end());
  publisher.detach(link);
  await settle();
  return { taken, isPoisoned: poisonAt() >= 0 };
};

const busy = async (bench: Bench, ...texts: string[]) => {
  for (const text of texts) {
    const [topic = '', payload = ''] = text.split(' ');
    await bench.publisher.publish(topic, payload, { qos: 1 });
  }
};

const poisonous = { lastsMs: 20_000, answersMs: 0, poison: 'denied' };

test('a message over which the broker ends each link goes aside, counted and told once, and what waits behind it goes out (S8)', async () => {
  const bench = await openTestPublisher();
  await busy(bench, 'a 1', 'denied 2', 'a 3', 'b 4');
  const links: string[][] = [];
  for (let at = 0; at < 6; at += 1) {
    const { taken, isPoisoned } = await live(bench, poisonous);
    expect(isPoisoned).toBe(true);
    links.push(taken);
  }
  expect(links[0]).toEqual(['a 1', 'denied 2', 'a 3', 'b 4']);
  expect(links.slice(1)).toEqual(Array.from({ length: 5 }, () => ['denied 2']));
  expect(bench.publisher.metrics()).toMatchObject({ dead: 1, sent: 1, waiting: 2 });
  expect(bench.store.dead).toMatchObject([{ message: { topic: 'denied' }, outcome: 'refused' }]);
  expect(bench.warnings).toEqual([expect.stringContaining('ended the link each time')]);

  expect(await live(bench, poisonous)).toEqual({ taken: ['a 3', 'b 4'], isPoisoned: false });
  expect(bench.publisher.metrics()).toMatchObject({ dead: 1, sent: 3, waiting: 0 });
});

test('meanwhile messages of QoS 1 wait, and those of QoS 0 are written (S8)', async () => {
  const bench = await openTestPublisher();
  await busy(bench, 'denied 1');
  await live(bench, poisonous);
  const slow = slowLink();
  const written: string[] = [];
  bench.publisher.attach({ ...slow.link, publishNow: (topic) => written.push(topic) > 0 });
  await settle();
  const results = [bench.publisher.publish('a', '2', { qos: 1 }), bench.publisher.publish('b', '3')];
  expect(await Promise.all(results)).toEqual([{ outcome: 'queued' }, { outcome: 'delivered' }]);
  expect(slow.taken).toEqual(['denied 1']);
  expect(written).toEqual(['b']);
  slow.answer();
  await settle();
  expect(slow.taken).toEqual(['denied 1', 'a 2']);
});

test('a newer message that takes its place is tried instead, and the next of its topic costs two links (S8)', async () => {
  const bench = await openTestPublisher({ policies: { denied: 'latest' } });
  for (let at = 0; at < 6; at += 1) {
    await busy(bench, `denied ${at}`);
    await live(bench, poisonous);
  }
  expect(bench.publisher.metrics()).toMatchObject({ dead: 1, waiting: 0 });
  await busy(bench, 'denied 6', 'a 7');
  await live(bench, poisonous);
  await live(bench, poisonous);
  await live(bench, poisonous);
  expect(bench.publisher.metrics()).toMatchObject({ dead: 2, sent: 1, waiting: 0 });
});

const timedOut = () => new BrokerError('timeout', 'No answer');

/** Long enough to try a message, and over soon after that. */
const soonAfter = (at: number): number => (at < 2 ? 1_000 : 4_000);

test.each([
  ['the unit itself closes', soonAfter, () => new BrokerError('closed', 'Closed', { reasonCode: 0 })],
  ['no answer comes on', soonAfter, timedOut],
  ['end long after the message', () => 20_000, closed],
  ['end without the message as well', () => 1_000, closed],
])('links that %s cost no message (S8, M10)', async (_what, lastsMs, end) => {
  const bench = await openTestPublisher();
  await busy(bench, 'a 1', 'b 2');
  for (let at = 0; at < 20; at += 1) await live(bench, { lastsMs: lastsMs(at), answersMs: undefined, end });
  expect(bench.publisher.metrics()).toMatchObject({ dead: 0, waiting: 2 });
  await live(bench, { lastsMs: 10_000, answersMs: 0 });
  expect(bench.publisher.metrics()).toMatchObject({ sent: 2, waiting: 0 });
});

test('a large message that the line never carries goes aside after five trials, and what waits behind it goes out (M20, S8)', async () => {
  const bench = await openTestPublisher();
  await busy(bench, `huge ${'x'.repeat(8000)}`, 'a 1', 'b 2');
  const lives: Life[] = Array.from({ length: 6 }, () => ({ lastsMs: 42_000, answersMs: undefined, end: timedOut }));
  for (const life of lives.slice(0, 5)) await live(bench, life);
  expect(bench.publisher.metrics()).toMatchObject({ dead: 0 });
  await live(bench, lives[5] as Life);
  await live(bench, { lastsMs: 10_000, answersMs: 0 });
  expect(bench.publisher.metrics()).toMatchObject({ dead: 1, sent: 2, waiting: 0 });
});

test('links that end at any time cost no message, as long as one of five acknowledges what it is sent (S8, M10)', async () => {
  const life = fc.record({
    lastsMs: fc.integer({ min: 50, max: 7_000 }),
    answersMs: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(life, { maxLength: 16 }), fc.integer({ min: 1, max: 6 }), async (lives, count) => {
      const bench = await openTestPublisher();
      for (const [at, one] of lives.entries()) {
        await busy(bench, ...Array.from({ length: count }, (_, text) => `${'abc'[text % 3]} ${at}-${text}`));
        await live(bench, at % 5 === 4 ? { lastsMs: 7_000, answersMs: 0 } : one);
      }
      await live(bench, { lastsMs: 10_000, answersMs: 0 });
      expect(bench.publisher.metrics()).toMatchObject({ dead: 0, sent: count * lives.length, waiting: 0 });
    }),
    { numRuns: 20 },
  );
});
