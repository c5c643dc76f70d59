import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../services/json.ts';
import type { Storage } from '../../services/storage.ts';

/** A storage under test, and a folder's or prefix's path that nothing is in. */
export interface StorageBench {
  readonly storage: Storage;
  readonly at: (name: string) => string;
}

const encoder = new TextEncoder();

async function* pieces(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
}

const textLines = async (storage: Storage, path: string): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of storage.readLines(path)) lines.push(new TextDecoder().decode(line));
  return lines;
};

/** What every storage adapter does. */
export const storageContract = (name: string, bench: () => Promise<StorageBench>): void => {
  describe(`storage: ${name}`, () => {
    test('what was never written does not exist, and removing it does nothing', async () => {
      const { storage, at } = await bench();
      expect(await storage.readJson(at('none.json'))).toBeUndefined();
      expect(await textLines(storage, at('none.log'))).toEqual([]);
      expect(await storage.exists(at('none.json'))).toBe(false);
      await storage.remove(at('none.json'));
    });

    test('write then read is the identity for every JSON value', async () => {
      const { storage, at } = await bench();
      const path = at('any.json');
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (value) => {
          await storage.writeJson(path, value as JsonValue);
          expect(await storage.readJson(path)).toStrictEqual(value);
        }),
        { numRuns: 60 },
      );
    });

    test('lines come back as they were written, empty ones left out', async () => {
      const { storage, at } = await bench();
      const path = at('any.log');
      const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
      await fc.assert(
        fc.asyncProperty(fc.array(line), async (lines) => {
          await storage.writeLines(path, lines);
          expect(await textLines(storage, path)).toEqual(lines.filter((text) => text !== ''));
        }),
        { numRuns: 40 },
      );
    });

    test('lines are added at the end, and the oldest go when there are more than are wanted (L2)', async () => {
      const { storage, at } = await bench();
      const path = at('log.json');
      const numbers = fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 12 }), fc.nat(8)), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(numbers, async (rounds) => {
          await storage.remove(path);
          let expected: string[] = [];
          for (const [added, most] of rounds) {
            const lines = added.map((n) => JSON.stringify({ n }));
            await storage.appendLines(path, lines, most);
            expected = most > 0 ? [...expected, ...lines].slice(-most) : [];
            expect((await textLines(storage, path)).map((line) => line.trimStart())).toEqual(expected);
          }
        }),
        { numRuns: 30 },
      );
    });

    test('lines are added to a document that was written as a whole, and after one without its last line end', async () => {
      const { storage, at } = await bench();
      await storage.writeLines(at('a.log'), ['1', '2', '3']);
      await storage.appendLines(at('a.log'), ['4'], 3);
      expect(await textLines(storage, at('a.log'))).toEqual(['2', '3', '4']);
      await storage.writeBytes(at('a.log'), pieces('7\r\n\n8'));
      await storage.appendLines(at('a.log'), ['9'], 9);
      expect(await textLines(storage, at('a.log'))).toEqual(['7', '8', '9']);
      await expect(storage.appendLines(at('a.log'), ['a\nb'], 9)).rejects.toMatchObject({ code: 'unsupported' });
    });

    test('lines that are added at the same time are all there, in the order of the calls', async () => {
      const { storage, at } = await bench();
      const numbers = Array.from({ length: 50 }, (_, index) => String(index));
      await Promise.all(numbers.map((line) => storage.appendLines(at('a.log'), [line], 40)));
      expect((await textLines(storage, at('a.log'))).map((line) => line.trimStart())).toEqual(numbers.slice(10));
    });

    test('a line with a line end is refused, and the document stays', async () => {
      const { storage, at } = await bench();
      await storage.writeLines(at('a.log'), ['one']);
      for (const line of ['a\nb', 'a\rb']) {
        await expect(storage.writeLines(at('a.log'), [line])).rejects.toMatchObject({ code: 'unsupported' });
      }
      expect(await textLines(storage, at('a.log'))).toEqual(['one']);
    });

    test('reads lines with LF, CRLF and no end at all, in pieces of any size', async () => {
      const { storage, at } = await bench();
      await storage.writeBytes(at('mixed.log'), pieces('on', 'e\r', '\n\n\r\ntwo\nthr', 'ee'));
      expect(await textLines(storage, at('mixed.log'))).toEqual(['one', 'two', 'three']);
    });

    test('reading lines may stop early', async () => {
      const { storage, at } = await bench();
      await storage.writeLines(at('a.log'), ['one', 'two']);
      for await (const line of storage.readLines(at('a.log'))) {
        expect(new TextDecoder().decode(line)).toBe('one');
        break;
      }
      await storage.remove(at('a.log'));
      expect(await storage.exists(at('a.log'))).toBe(false);
    });

    test('bytes are kept as they came; a source that fails leaves the old document and throws its own error', async () => {
      const { storage, at } = await bench();
      await storage.writeBytes(at('doc.json'), pieces('{"a', '":1}'));
      expect(await storage.readJson(at('doc.json'))).toEqual({ a: 1 });
      const lost = new Error('connection lost');
      async function* breaking(): AsyncGenerator<Uint8Array> {
        yield encoder.encode('{"b":');
        throw lost;
      }
      await expect(storage.writeBytes(at('doc.json'), breaking())).rejects.toBe(lost);
      expect(await storage.readJson(at('doc.json'))).toEqual({ a: 1 });
    });

    test.each([
      ['half a document', pieces('{"half":')],
      ['nothing', pieces('')],
      ['an error page', pieces('<html>502</html>')],
      ['bytes that are no UTF-8', pieces('"', new Uint8Array([0xff, 0xfe]), '"')],
    ])('%s is malformed, and the error does not quote it', async (_, chunks) => {
      const { storage, at } = await bench();
      await storage.writeBytes(at('bad.json'), chunks);
      const error: unknown = await storage.readJson(at('bad.json')).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'StorageError', code: 'malformed' });
      expect((error as Error).message).toContain(at('bad.json'));
      expect((error as Error).message).not.toMatch(/half|html/);
    });

    test('a byte order mark is passed over', async () => {
      const { storage, at } = await bench();
      await storage.writeBytes(at('bom.json'), pieces('\ufeff{"a":1}'));
      expect(await storage.readJson(at('bom.json'))).toEqual({ a: 1 });
    });

    test('what JSON would change is refused, and the document stays', async () => {
      const { storage, at } = await bench();
      await storage.writeJson(at('a.json'), { kept: true });
      for (const value of [undefined, Number.NaN, new Date(0), new Map()]) {
        await expect(storage.writeJson(at('a.json'), value as never)).rejects.toMatchObject({ code: 'unsupported' });
      }
      expect(await storage.readJson(at('a.json'))).toEqual({ kept: true });
    });

    test('a document above 16 MiB is refused, written or read', async () => {
      const { storage, at } = await bench();
      const big = 'x'.repeat(16 * 1024 * 1024);
      await expect(storage.writeJson(at('big.json'), big)).rejects.toMatchObject({ code: 'tooLarge' });
      expect(await storage.exists(at('big.json'))).toBe(false);
      await storage.writeBytes(at('big.json'), pieces(`"${big}"`));
      await expect(storage.readJson(at('big.json'))).rejects.toMatchObject({ name: 'StorageError', code: 'tooLarge' });
    });

    test('writes to one path happen in the order they were called', async () => {
      const { storage, at } = await bench();
      const values = Array.from({ length: 25 }, (_, index) => index);
      await Promise.all(values.map((value) => storage.writeJson(at('a.json'), value)));
      expect(await storage.readJson(at('a.json'))).toBe(24);
      await Promise.all([storage.writeJson(at('a.json'), 'late'), storage.remove(at('a.json'))]);
      expect(await storage.exists(at('a.json'))).toBe(false);
    });

    test('a value that is changed after the call is written as it was', async () => {
      const { storage, at } = await bench();
      const value = { a: 1 };
      const written = storage.writeJson(at('a.json'), value);
      value.a = 2;
      await written;
      expect(await storage.readJson(at('a.json'))).toEqual({ a: 1 });
    });
  });
};
