import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cipher } from '../../services/cipher.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const hex = (text: string): string => Buffer.from(text, 'hex').toString('base64');

const zeroKey = base64(new Uint8Array(32));
const zeroNonce = base64(new Uint8Array(12));
const sealedAbc = hex('afc52354109ef65a2f5ccbb3f052097814df3c');

/** The code of the cipher error that a call must end in. */
const code = async (promise: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'CipherError' });
  return (error as { code: string }).code;
};

/** The same bytes but for one bit. */
const flipped = (text: string, bit: number): string => {
  const bytes = Buffer.from(text, 'base64');
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return bytes.toString('base64');
};

/**
 * What every cipher does.
 *
 * @param make A cipher; with `nonce`, one that takes it for its random bytes.
 */
export const cipherContract = (name: string, make: (nonce?: Uint8Array) => Cipher): void => {
  const cipher = make();
  describe(`cipher: ${name}`, () => {
    test('makes and reads the known vector', async () => {
      expect(await make(new Uint8Array(12)).aesGcmEncode('abc', zeroKey)).toBe(`${zeroNonce}.${sealedAbc}`);
      expect(await cipher.aesGcmDecode(`${zeroNonce}.${sealedAbc}`, zeroKey)).toBe('abc');
    });

    test('decode of encode is the identity for every text, with each key length', async () => {
      const key = fc
        .constantFrom(16, 24, 32)
        .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), key, async (text, bytes) => {
          const sealed = await cipher.aesGcmEncode(text, base64(bytes));
          expect(sealed).toMatch(/^[A-Za-z0-9+/]{16}\.[A-Za-z0-9+/]+={0,2}$/);
          expect(await cipher.aesGcmDecode(sealed, base64(bytes))).toBe(text);
        }),
      );
      for (const text of ['', '\ufeffwith a byte order mark', '\0', 'x'.repeat(200_000)]) {
        expect(await cipher.aesGcmDecode(await cipher.aesGcmEncode(text, zeroKey), zeroKey)).toBe(text);
      }
    });

    test('half a surrogate pair is refused rather than changed', async () => {
      for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
        expect(await code(cipher.aesGcmEncode(text, zeroKey))).toBe('shape');
      }
    });

    test('each encryption has another nonce (C12)', async () => {
      const sealed = await Promise.all(Array.from({ length: 200 }, () => cipher.aesGcmEncode('a', zeroKey)));
      expect(new Set(sealed.map((text) => text.split('.')[0])).size).toBe(200);
    });

    test('any flipped bit is tampering, and gives no plaintext (C12)', async () => {
      const [nonce = '', body = ''] = (await cipher.aesGcmEncode('a text', zeroKey)).split('.');
      for (let bit = 0; bit < 96; bit += 5) {
        expect(await code(cipher.aesGcmDecode(`${flipped(nonce, bit)}.${body}`, zeroKey))).toBe('tampered');
      }
      for (let bit = 0; bit < (6 + 16) * 8; bit += 5) {
        expect(await code(cipher.aesGcmDecode(`${nonce}.${flipped(body, bit)}`, zeroKey))).toBe('tampered');
      }
    });

    test('another key is told as tampering', async () => {
      const other = base64(new Uint8Array(32).fill(1));
      expect(await code(cipher.aesGcmDecode(`${zeroNonce}.${sealedAbc}`, other))).toBe('tampered');
    });

    test.each([0, 1, 8, 15, 17, 20, 31, 33, 64])('a key of %s bytes is refused', async (length) => {
      const key = base64(new Uint8Array(length));
      expect(await code(cipher.aesGcmEncode('a', key))).toBe('key');
      expect(await code(cipher.aesGcmDecode(`${zeroNonce}.${sealedAbc}`, key))).toBe('key');
    });

    test.each([
      ['no base64', '!'.repeat(44)],
      ['base64 for URLs', `${'-_'.repeat(21)}A=`],
      ['base64 without padding', zeroKey.slice(0, -1)],
      ['base64 with white space', `${zeroKey}\n`],
      ['spare bits that are set', `${'A'.repeat(42)}B=`],
    ])('a key in %s is refused, and not shown (C1)', async (_, key) => {
      const error: unknown = await cipher.aesGcmEncode('a', key).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'CipherError', code: 'key' });
      expect((error as Error).message).not.toContain(key);
    });

    test.each([
      ['nothing', ''],
      ['one part', sealedAbc],
      ['three parts', `${zeroNonce}.${sealedAbc}.${sealedAbc}`],
      ['no base64', `${zeroNonce}.%%%%`],
      ['base64 without padding', `${zeroNonce}.${sealedAbc.replace(/=+$/, '')}`],
      ['less than a tag', `${zeroNonce}.${base64(new Uint8Array(15))}`],
      ['an empty second part', `${zeroNonce}.`],
    ])('another shape is refused: %s', async (_, data) => {
      expect(await code(cipher.aesGcmDecode(data, zeroKey))).toBe('shape');
    });

    test.each([0, 11, 13, 16])('a nonce of %s bytes is refused', async (length) => {
      expect(await code(cipher.aesGcmDecode(`${base64(new Uint8Array(length))}.${sealedAbc}`, zeroKey))).toBe('nonce');
    });
  });
};
