import { CipherError } from '../../services/errors.ts';
import type { Cipher } from '../../services/cipher.ts';

/** Options of the cipher. */
export interface CipherOptions {
  /** Fills bytes with cryptographically secure randomness. @defaultValue WebCrypto's */
  readonly fillRandom?: (bytes: Uint8Array<ArrayBuffer>) => void;
}

const chunkBytes = 0x8000;

/** Encodes bytes as base64 with padding (RFC 4648 section 4). */
export const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  }
  return btoa(binary);
};

/** Decodes base64 in exactly the form of {@link toBase64}; `undefined` for anything else. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : undefined;
};

const algorithm = 'AES-GCM';
const nonceBytes = 12;
const tagBytes = 16;
const keySizes = [16, 24, 32];
const halfPair = /\p{Surrogate}/u;

const importKey = async (key: string): Promise<CryptoKey> => {
  const bytes = fromBase64(key);
  if (!bytes || !keySizes.includes(bytes.length)) {
    throw new CipherError('key', 'The key must be base64 of 16, 24 or 32 bytes. Use PU_ENCRYPT_KEY or one like it.');
  }
  return crypto.subtle.importKey('raw', bytes, algorithm, false, ['encrypt', 'decrypt']);
};

const parts = (data: string): { nonce: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer> } => {
  const [nonceText = '', sealedText = '', ...more] = data.split('.');
  const nonce = fromBase64(nonceText);
  const sealed = fromBase64(sealedText);
  if (!nonce || !sealed || more.length > 0 || sealed.length < tagBytes) {
    throw new CipherError('shape', 'Encrypted text must be base64(nonce).base64(ciphertext and 16-byte tag).');
  }
  if (nonce.length !== nonceBytes) {
    throw new CipherError('nonce', `The nonce must have ${nonceBytes} bytes; this one has ${nonce.length}.`);
  }
  return { nonce, sealed };
};

const decrypted = async (key: CryptoKey, nonce: Uint8Array<ArrayBuffer>, sealed: Uint8Array<ArrayBuffer>) => {
  try {
    return await crypto.subtle.decrypt({ name: algorithm, iv: nonce }, key, sealed);
  } catch (cause) {
    throw new CipherError('tampered', 'The encrypted text was changed, or was made with another key.', { cause });
  }
};

const decodeText = (plain: ArrayBuffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    throw new CipherError('shape', 'What was encrypted is no UTF-8 text. Encrypt texts alone.');
  }
};

/** AES-GCM by WebCrypto. Refuses a text with a lone surrogate (`shape`), since UTF-8 would change it. */
export const webCryptoCipher = ({
  fillRandom = (bytes) => void crypto.getRandomValues(bytes),
}: CipherOptions = {}): Cipher => ({
  aesGcmEncode: async (data, key) => {
    const secret = await importKey(key);
    if (halfPair.test(data)) {
      throw new CipherError('shape', 'The text holds half a surrogate pair, which UTF-8 can’t carry. Remove it.');
    }
    const nonce = new Uint8Array(nonceBytes);
    fillRandom(nonce);
    const plain = new TextEncoder().encode(data);
    const sealed = await crypto.subtle.encrypt({ name: algorithm, iv: nonce }, secret, plain);
    return `${toBase64(nonce)}.${toBase64(new Uint8Array(sealed))}`;
  },
  aesGcmDecode: async (data, key) => {
    const secret = await importKey(key);
    const { nonce, sealed } = parts(data);
    return decodeText(await decrypted(secret, nonce, sealed));
  },
});
