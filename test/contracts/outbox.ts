import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outbox, StoredMessage } from '../../services/outbox.ts';

/** An outbox under test, and a way to look at the same place again as the next start of the program would. */
export interface OutboxBench {
  readonly outbox: Outbox;
  /** Another outbox on the same place. */
  readonly again: () => Outbox;
  /** The texts of the dead letters, oldest first. */
  readonly dead: () => Promise<string[]>;
}

const encoder = new TextEncoder();

/** A message whose payload is a text. */
export const stored = (id: number, text: string, changes: Partial<StoredMessage> = {}): StoredMessage => ({
  id,
  topic: 'unit.test/a/pepeunit',
  payload: encoder.encode(text),
  qos: 1,
  retain: false,
  acceptedMs: 1_767_225_600_000 + id,
  unit: undefined,
  ...changes,
});

const messageArbitrary = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  payload: fc.uint8Array({ maxLength: 300 }),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  acceptedMs: fc.option(fc.integer({ min: 0, max: 2 ** 45 }), { nil: undefined }),
  unit: fc.option(fc.uuid(), { nil: undefined }),
});

const idsOf = (messages: readonly StoredMessage[]): number[] => messages.map(({ id }) => id);

/** What every outbox does. */
export const outboxContract = (name: string, make: () => Promise<OutboxBench>): void => {
  describe(`outbox: ${name}`, () => {
    test('a new one is empty', async () => {
      const { outbox } = await make();
      const { messages, lastId, damaged, remarks = [] } = await outbox.open();
      expect({ messages, lastId, damaged, remarks }).toEqual({ messages: [], lastId: 0, damaged: 0, remarks: [] });
      await outbox.close();
    });

    test('gives every message back as it was, by id, after it was closed and opened again (S3)', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(messageArbitrary, { maxLength: 20 }), async (given) => {
          const { outbox, again } = await make();
          await outbox.open();
          const messages = given.map((message, index) => ({ id: index + 1, ...message }));
          const [odd, even] = [1, 0].map((rest) => messages.filter(({ id }) => id % 2 === rest));
          if (even?.length) await outbox.append(even);
          if (odd?.length) await outbox.append(odd);
          await outbox.close();
          const next = again();
          const found = await next.open();
          await next.close();
          expect(found.messages.map((message) => ({ ...message, payload: [...message.payload] }))).toEqual(
            messages.map((message) => ({ ...message, payload: [...message.payload] })),
          );
        }),
        { numRuns: 25 },
      );
    });

    test('what was removed does not come back, whether its append has been waited for or not (S5)', async () => {
      const { outbox, again } = await make();
      await outbox.open();
      await outbox.append([stored(1, 'one'), stored(2, 'two'), stored(3, 'three')]);
      outbox.remove([1, 3, 99]);
      const appending = outbox.append([stored(4, 'four'), stored(5, 'five')]);
      outbox.remove([4]);
      await appending;
      await outbox.close();
      const next = again();
      const { messages, lastId } = await next.open();
      expect(idsOf(messages)).toEqual([2, 5]);
      expect(lastId).toBeGreaterThanOrEqual(5);
      next.remove([2, 5]);
      await next.close();
      const last = again();
      expect((await last.open()).messages).toEqual([]);
      await last.close();
    });

    test('knows the highest id of what it still keeps', async () => {
      const { outbox, again } = await make();
      await outbox.open();
      await outbox.append([stored(7, 'x'), stored(9, 'y')]);
      outbox.remove([7]);
      await outbox.close();
      const next = again();
      expect((await next.open()).lastId).toBeGreaterThanOrEqual(9);
      await next.close();
    });

    test('many small appends and removals leave what they should', async () => {
      const { outbox, again } = await make();
      await outbox.open();
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          await outbox.append([stored(index + 1, `message ${index + 1}`)]);
          if (index % 3 !== 0) outbox.remove([index + 1]);
        }),
      );
      await outbox.close();
      const next = again();
      const kept = Array.from({ length: 200 }, (_, index) => index + 1).filter((id) => (id - 1) % 3 === 0);
      expect(idsOf((await next.open()).messages)).toEqual(kept);
      await next.close();
    });

    test('dead letters are put aside, and are not among the messages (S8)', async () => {
      const { outbox, again, dead } = await make();
      await outbox.open();
      await outbox.append([stored(1, 'refused')]);
      await outbox.deadLetter([{ message: stored(1, 'refused'), reason: 'Not authorised', reasonCode: 0x87 }]);
      outbox.remove([1]);
      await outbox.close();
      expect(await dead()).toEqual(['refused']);
      const next = again();
      expect((await next.open()).messages).toEqual([]);
      await next.close();
    });

    test('closing twice, or what was never opened, does nothing', async () => {
      const { outbox, again } = await make();
      await outbox.close();
      await outbox.open();
      await outbox.append([stored(1, 'x')]);
      await outbox.close();
      await outbox.close();
      const next = again();
      expect((await next.open()).messages).toHaveLength(1);
      await next.close();
    });
  });
};
