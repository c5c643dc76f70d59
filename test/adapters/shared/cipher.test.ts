import { expect, test } from 'vitest';
import { toBase64, webCryptoCipher } from '../../../adapters/shared/cipher.ts';
import { cipherContract } from '../../contracts/cipher.ts';

cipherContract('WebCrypto', (nonce) =>
  webCryptoCipher(nonce ? { fillRandom: (bytes: Uint8Array) => bytes.set(nonce) } : {}),
);

test('bytes that are no text are refused, though the tag is right', async () => {
  const raw = new Uint8Array(32);
  const nonce = new Uint8Array(12);
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, new Uint8Array([0xff, 0xfe]));
  const data = `${toBase64(nonce)}.${toBase64(new Uint8Array(sealed))}`;
  await expect(webCryptoCipher().aesGcmDecode(data, toBase64(raw))).rejects.toMatchObject({
    name: 'CipherError',
    code: 'shape',
  });
});
