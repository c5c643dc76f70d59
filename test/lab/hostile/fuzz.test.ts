import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zlibDecompress } from '../../../adapters/node/archive/zlib.ts';
import { readArchive } from '../../../adapters/shared/archive/archive.ts';
import { exactNames } from '../../../adapters/shared/archive/entry-names.ts';
import { decompressed } from '../../../adapters/shared/archive/decompress.ts';
import { FirmwareError } from '../../../services/errors.ts';
import { defaultArchiveLimits } from '../../../services/firmware.ts';
import { inChunks, tarOf } from '../../support/tar.ts';
import { end, entry, longName, pax, record } from './tar-writer.ts';

type Tree = Readonly<Record<string, string>>;

/** What an archive holds, or the error that it was refused with; whatever else is thrown fails the test. */
const read = async (bytes: Uint8Array, chunkBytes = 4096, decompress = zlibDecompress): Promise<Tree | 'refused'> => {
  const tree: Record<string, string> = {};
  try {
    for await (const { path, kind, content } of readArchive(
      inChunks(bytes, chunkBytes),
      defaultArchiveLimits,
      exactNames,
      decompress,
    )) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      if (kind === 'file') tree[path] = Buffer.concat(chunks).toString('latin1');
    }
    return tree;
  } catch (thrown) {
    if (thrown instanceof FirmwareError && thrown.code !== 'io') return 'refused';
    throw thrown;
  }
};

const segment = fc.stringMatching(/^[a-z0-9_é:-]{1,20}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
const content = fc.oneof(fc.string({ maxLength: 2000 }), fc.constant('x'.repeat(70_000)));
/** Names that are neither twice there nor folders of each other: each has a number of its own in front. */
const files = fc
  .array(fc.tuple(path, content), { minLength: 1, maxLength: 8 })
  .map((entries) => entries.map(([name, text], at) => ({ name: `${at}/${name}`, text: Buffer.from(text, 'latin1') })));
const treeOf = (entries: readonly { name: string; text: Buffer }[]): Tree =>
  Object.fromEntries(entries.map(({ name, text }) => [name, text.toString('latin1')]));

const packers = [
  (tar: Uint8Array) => Buffer.from(tar),
  (tar: Uint8Array) => deflateSync(tar, { windowBits: 9, level: 9 }),
  (tar: Uint8Array) => gzipSync(tar),
  (tar: Uint8Array) => deflateRawSync(tar),
];
const pack = fc.constantFrom(...packers);

interface Damage {
  readonly kind: 'flip' | 'cut' | 'insert' | 'remove' | 'repeat';
  /** From 0 to 1. */
  readonly at: number;
  readonly size: number;
  readonly byte: number;
}

const damage = fc.record<Damage>({
  kind: fc.constantFrom('flip', 'cut', 'insert', 'remove', 'repeat'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  size: fc.integer({ min: 1, max: 700 }),
  byte: fc.integer({ min: 1, max: 255 }),
});

const damaged = (bytes: Buffer, { kind, at, size, byte }: Damage): Buffer => {
  const from = Math.floor(at * bytes.length);
  const [head, part, tail] = [bytes.subarray(0, from), bytes.subarray(from, from + size), bytes.subarray(from + size)];
  if (kind === 'cut') return Buffer.from(head);
  if (kind === 'insert') return Buffer.concat([head, Buffer.alloc(size, byte), part, tail]);
  if (kind === 'remove') return Buffer.concat([head, tail]);
  if (kind === 'repeat') return Buffer.concat([head, part, part, tail]);
  const copy = Buffer.from(bytes);
  copy[from] = (copy[from] ?? 0) ^ byte;
  return copy;
};

const isSafe = (name: string): boolean =>
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\p{Cc}]/u.test(name);

const unsafeIn = (result: Tree | 'refused'): string[] =>
  result === 'refused' ? [] : Object.keys(result).filter((name) => !isSafe(name));

const runs = (count: number) => ({ numRuns: count, interruptAfterTimeLimit: 20_000 });

describe('whatever comes, an archive is refused or read as it was meant (U5, U7)', () => {
  test('a whole archive comes through, in every format and in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(files, pack, fc.integer({ min: 1, max: 5000 }), async (entries, packer, chunkBytes) => {
        expect(await read(packer(await tarOf(...entries)), chunkBytes)).toEqual(treeOf(entries));
      }),
      runs(60),
    );
  });

  test.each([
    ['zlib itself', zlibDecompress],
    ["the platform's streams", decompressed],
  ])('a damaged zlib stream never gives anything else, with %s', async (_, decompress) => {
    await fc.assert(
      fc.asyncProperty(files, fc.array(damage, { minLength: 1, maxLength: 3 }), async (entries, damages) => {
        const whole = deflateSync(await tarOf(...entries), { windowBits: 9, level: 9 });
        const result = await read(damages.reduce(damaged, whole), 4096, decompress);
        expect(result === 'refused' ? treeOf(entries) : result).toEqual(treeOf(entries));
      }),
      runs(150),
    );
  });

  test('a damaged tar, packed or not, never gives a name that leads elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        files,
        pack,
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        async (entries, packer, damages) => {
          const result = await read(packer(damages.reduce(damaged, await tarOf(...entries))));
          expect(unsafeIn(result)).toEqual([]);
        },
      ),
      runs(250),
    );
  });

  const nastyName = fc.oneof(
    path,
    fc.string({ unit: 'binary', maxLength: 90 }),
    fc.constantFrom('..', '../x', '/x', 'a/../../x', './x', 'x/', 'C:x', 'a\\..\\b', ''),
  );
  const block = fc.oneof(
    fc
      .record({
        name: nastyName,
        prefix: fc.constantFrom('', '', 'lib', '..'),
        flag: fc.constantFrom('0', '0', '\0', '5', '1', '2', 'x', 'g', 'L', 'K', 'S'),
        content: fc.string({ maxLength: 600 }),
      })
      .map(entry),
    nastyName.map((name) => pax(record('path', name))),
    nastyName.map((name) => longName(name)),
    fc.constant(end),
    fc.uint8Array({ minLength: 512, maxLength: 512 }),
  );

  test('blocks in any order never give a name that leads elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 6 }), async (blocks) => {
        const result = await read(Buffer.concat([...blocks, end]), 512);
        expect(unsafeIn(result)).toEqual([]);
      }),
      runs(600),
    );
  });

  test('bytes of any kind are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        expect(await read(bytes)).toBe('refused');
      }),
      runs(200),
    );
  });
});
