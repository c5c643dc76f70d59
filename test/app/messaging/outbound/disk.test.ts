import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../../adapters/memory/outbox.ts';
import { StorageError } from '../../../../services/errors.ts';
import { hangOutbox, openTestPublisher, createTestPublisher, slowLink, textOf } from '../../../support/messaging.ts';
import { settle } from '../../../support/until.ts';

test('what waits for a write that hangs is bounded, however long that takes (M9, S1)', async () => {
  const { store } = hangOutbox(memoryOutbox(), 'append');
  const { publisher, clock } = await openTestPublisher({ messages: 100 }, store);
  const heap: number[] = [];
  for (let index = 0; index < 60_000; index += 1) {
    void publisher.publish('t', new Uint8Array(2_000));
    if (index % 100 === 0) clock.advance(1_000);
    if (index % 100 === 0) await settle();
    if (index % 2_000 === 1_999) heap.push(process.memoryUsage().arrayBuffers);
  }
  expect(publisher.metrics()).toMatchObject({ waiting: 100, isVolatile: true });
  // All of them would be 120 MB.
  expect(Math.min(...heap.slice(15)) - Math.min(...heap.slice(0, 15))).toBeLessThan(16 * 1024 * 1024);
});

test('whatever a disk does, each message settles, is kept once, and no timer is left at the end (M6, M12, S11)', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('publish a', 'publish b', 'publish b at QoS 1') },
    {
      weight: 3,
      arbitrary: fc.constantFrom('attach', 'cut', 'answer', 'hang', 'let go', 'fail', 'short', 'long', 'reopen'),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, opensLate) => {
      const inner = memoryOutbox();
      const { store, letGo, holdAgain } = hangOutbox(inner, 'open', 'append', 'close');
      let isHanging = opensLate;
      if (!opensLate) letGo();
      const { publisher, clock } = createTestPublisher({}, store);
      void publisher.open();
      let link = slowLink();
      const taken: string[] = [];
      const results: Promise<{ outcome: string }>[] = [];
      const cut = () => {
        publisher.detach(link.link);
        link.answer(new Error('cut'));
        taken.push(...link.taken.splice(0));
      };
      const acts: Readonly<Record<string, () => void>> = {
        attach: () => {
          cut();
          link = slowLink();
          publisher.attach(link.link);
        },
        cut,
        answer: () => link.answer(),
        hang: () => {
          isHanging = true;
          holdAgain();
        },
        'let go': () => {
          isHanging = false;
          letGo();
        },
        fail: () => inner.failNext('append', new StorageError('io', 'broken')),
        short: () => clock.advance(1_000),
        long: () => clock.advance(45_000),
        reopen: () => void publisher.release(500).then(() => publisher.open()),
      };
      for (const [index, one] of steps.entries()) {
        const [, topic, qos] = /^publish (\w)(.*)/.exec(one) ?? [];
        if (topic === undefined) acts[one]?.();
        else results.push(publisher.publish(topic, String(index), { qos: qos ? 1 : 0, until: 'settled' }));
        await settle();
      }
      cut();
      let isStopped = false;
      void publisher.stop(1_000).then(() => (isStopped = true));
      for (let wait = 0; wait < 5; wait += 1) {
        await settle();
        clock.advance(500);
      }
      await settle();
      expect({ isStopped, timers: clock.pending }).toEqual({ isStopped: true, timers: 0 });
      const outcomes = await Promise.all(results);
      const waiting = outcomes.filter(({ outcome }) => outcome === 'queued').length;
      letGo();
      for (let turn = 0; turn < 5; turn += 1) await settle();
      expect(clock.pending).toBe(0);
      expect(inner.messages.size).toBeGreaterThanOrEqual(waiting);
      const delivered = outcomes.filter(({ outcome }) => outcome === 'delivered').length;
      expect(delivered).toBeLessThanOrEqual(taken.length);
      const kept = [...inner.messages.values()].map(({ payload }) => textOf(payload));
      expect(new Set(kept).size, 'each once').toBe(kept.length);
      // A write that hangs beyond the stop may bring a message that was delivered meanwhile: it comes twice.
      expect(kept.length).toBeLessThanOrEqual(outcomes.length - (isHanging ? 0 : delivered));
    }),
    { numRuns: 150 },
  );
});
