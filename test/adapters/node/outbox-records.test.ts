import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeMessage, encodeRemoval, readRecords, type Entry } from '../../../adapters/node/outbox-records.ts';
import type { StoredMessage } from '../../../services/outbox.ts';

const messageOf = fc.record({
  id: fc.integer({ min: 1, max: 2 ** 47 }),
  topic: fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
  payload: fc.uint8Array({ maxLength: 120 }),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  acceptedMs: fc.option(fc.integer({ min: 0, max: 2 ** 46 }), { nil: undefined }),
});
const idsOf = fc.array(fc.integer({ min: 1, max: 2 ** 47 }), { minLength: 1, maxLength: 10 });
type Said = { readonly message: StoredMessage } | { readonly removed: readonly number[] };
const saidOf: fc.Arbitrary<Said> = fc.oneof(
  messageOf.map((message) => ({ message })),
  idsOf.map((removed) => ({ removed })),
);

const encode = (said: Said): Buffer => ('message' in said ? encodeMessage(said.message) : encodeRemoval(said.removed));
const plain = (entry: Said | Entry) =>
  'message' in entry ? { ...entry.message, payload: [...entry.message.payload] } : [...entry.removed];

test('what is written is read again, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(saidOf), (all) => {
      const bytes = Buffer.concat(all.map(encode));
      const { entries, damaged, end } = readRecords(bytes);
      expect(entries.map(plain)).toEqual(all.map(plain));
      expect({ damaged, end }).toEqual({ damaged: [], end: bytes.length });
    }),
  );
});

test('torn at any place, what is read is a prefix of what was written, and never anything else (S4)', () => {
  fc.assert(
    fc.property(
      fc.array(saidOf, { minLength: 1 }),
      fc.nat(),
      fc.uint8Array({ maxLength: 40 }),
      (all, where, garbage) => {
        const records = all.map(encode);
        const whole = Buffer.concat(records);
        const cut = where % (whole.length + 1);
        for (const tail of [Buffer.alloc(0), Buffer.alloc(garbage.length), garbage]) {
          const { entries, end } = readRecords(Buffer.concat([whole.subarray(0, cut), tail]));
          let length = 0;
          const wholeOnes = records.filter((record) => (length += record.length) <= cut);
          expect(entries.slice(0, wholeOnes.length).map(plain)).toEqual(all.slice(0, wholeOnes.length).map(plain));
          expect(entries.length).toBe(wholeOnes.length);
          expect(end).toBe(wholeOnes.reduce((sum, record) => sum + record.length, 0));
        }
      },
    ),
  );
});

test('a flipped bit costs its record, and at the most those behind it; what is read was written (S4)', () => {
  fc.assert(
    fc.property(fc.array(saidOf, { minLength: 1 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (all, where, bit) => {
      const records = all.map(encode);
      const bytes = Buffer.concat(records);
      const at = where % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
      let from = 0;
      const hit = records.findIndex((record) => (from += record.length) > at);
      const read = readRecords(bytes).entries.map(plain);
      const others = all.filter((_, index) => index !== hit).map(plain);
      expect(read).toEqual(others.slice(0, read.length));
      expect(read.length).toBeGreaterThanOrEqual(hit);
    }),
  );
});

test('a damaged record between whole ones is passed over and told', () => {
  const records = ['one', 'two', 'three'].map((text, index) =>
    encodeMessage({ id: index + 1, topic: 't', payload: Buffer.from(text), qos: 1, retain: false, acceptedMs: 1 }),
  );
  const bytes = Buffer.concat(records);
  const from = records[0]?.length ?? 0;
  bytes.writeUInt8(0xff, from + 20);
  const { entries, damaged, end } = readRecords(bytes);
  expect(entries.map((entry) => 'message' in entry && entry.message.id)).toEqual([1, 3]);
  expect(damaged).toEqual([[from, from + (records[1]?.length ?? 0)]]);
  expect(end).toBe(bytes.length);
});
