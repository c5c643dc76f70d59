import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeMessage,
  encodeNothing,
  encodeRemoval,
  readRecords,
  type Entry,
} from '../../../../adapters/node/outbox/records.ts';
import type { StoredMessage } from '../../../../services/outbox.ts';

const messageOf = fc.record({
  id: fc.integer({ min: 1, max: 2 ** 47 }),
  topic: fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
  payload: fc.uint8Array({ maxLength: 120 }),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  acceptedMs: fc.option(fc.integer({ min: 0, max: 2 ** 46 }), { nil: undefined }),
  unit: fc.option(fc.uuid(), { nil: undefined }),
});
const idsOf = fc.array(fc.integer({ min: 1, max: 2 ** 47 }), { minLength: 1, maxLength: 10 });
type Said = { readonly message: StoredMessage } | { readonly removed: readonly number[] };
const saidOf: fc.Arbitrary<Said> = fc.oneof(
  messageOf.map((message) => ({ message })),
  idsOf.map((removed) => ({ removed })),
);

const salt = 0x5a17c0de;
const encode = (said: Said): Buffer =>
  'message' in said ? encodeMessage(said.message, salt) : encodeRemoval(said.removed, salt);
const plain = (entry: Said | Entry) =>
  'message' in entry ? { ...entry.message, payload: [...entry.message.payload] } : [...entry.removed];

test('what is written is read again, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(saidOf), (all) => {
      const bytes = Buffer.concat(all.map(encode));
      const { entries, damaged, end } = readRecords(bytes, salt);
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
          const torn = Buffer.concat([whole.subarray(0, cut), tail]);
          const { entries, end } = readRecords(torn, salt);
          let length = 0;
          // What follows the cut may be the very bytes that were cut off.
          const wholeOnes = records.filter((record) => {
            length += record.length;
            return torn.subarray(0, length).equals(whole.subarray(0, length));
          });
          expect(entries.slice(0, wholeOnes.length).map(plain)).toEqual(all.slice(0, wholeOnes.length).map(plain));
          expect(entries.length).toBe(wholeOnes.length);
          expect(end).toBe(wholeOnes.reduce((sum, record) => sum + record.length, 0));
        }
      },
    ),
  );
});

test('a flipped bit anywhere, lengths included, costs its own record alone, and is told (S4)', () => {
  fc.assert(
    fc.property(fc.array(saidOf, { minLength: 1 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (all, where, bit) => {
      const records = all.map(encode);
      const bytes = Buffer.concat(records);
      const at = where % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
      let from = 0;
      const hit = records.findIndex((record) => (from += record.length) > at);
      const to = from;
      from -= records[hit]?.length ?? 0;
      const { entries, damaged, end } = readRecords(bytes, salt);
      expect(entries.map(plain)).toEqual(all.filter((_, index) => index !== hit).map(plain));
      const isLast = hit === all.length - 1;
      expect({ damaged, end }).toEqual(
        isLast ? { damaged: [], end: from } : { damaged: [[from, to]], end: bytes.length },
      );
    }),
  );
});

test('a tail is torn where it can be the beginning of a record, and damage where it can not (S4)', () => {
  fc.assert(
    fc.property(saidOf, fc.nat(), fc.nat({ max: 100 }), (said, where, zeros) => {
      const record = encode(said);
      const cut = where % record.length;
      expect(readRecords(record.subarray(0, cut), salt).isTorn).toBe(true);
      expect(readRecords(Buffer.alloc(zeros), salt).isTorn).toBe(true);
      const flipped = Buffer.from(record);
      flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
      expect(readRecords(flipped, salt).isTorn).toBe(false);
    }),
  );
  const noise = Buffer.from('neither a record nor the beginning of one');
  expect(readRecords(noise, salt)).toEqual({ entries: [], damaged: [], end: 0, isTorn: false });
});

test.each([
  [-1e9, 0],
  [2 ** 60, 2 ** 48 - 2],
])('a time that no clock should give (%d) is brought to the nearest that fits', (acceptedMs, read) => {
  const message = { id: 1, topic: 't', payload: new Uint8Array(0), qos: 1, retain: false, unit: undefined } as const;
  expect(readRecords(encodeMessage({ ...message, acceptedMs }, salt), salt)).toMatchObject({
    entries: [{ message: { acceptedMs: read } }],
  });
});

test('records inside a payload are no records, though the length of their message is damaged', () => {
  const messageOfPayload = (id: number, payload: Uint8Array) =>
    encodeMessage({ id, topic: 't', payload, qos: 1, retain: false, acceptedMs: 1, unit: undefined }, salt);
  const planted = Buffer.concat([0, 1].flatMap((other) => [encodeRemoval([2], other), encodeRemoval([3], other)]));
  const bytes = Buffer.concat([messageOfPayload(1, planted), messageOfPayload(2, planted)]);
  bytes.writeUInt8(0xff, 6);
  const { entries } = readRecords(bytes, salt);
  expect(entries.map((entry) => 'message' in entry && entry.message.id)).toEqual([2]);
});

test('a record that says nothing takes the place of any damage that it fits in', () => {
  for (const length of [9, 10, 15, 16, 200]) {
    const nothing = encodeNothing(length, salt) ?? Buffer.alloc(0);
    expect(readRecords(nothing, salt)).toMatchObject({ entries: [{ removed: [], bytes: length }], end: length });
  }
  expect(encodeNothing(8, salt)).toBeUndefined();
});
